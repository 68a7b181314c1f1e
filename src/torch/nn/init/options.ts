import type {
  KaimingUniform_Arguments,
  KaimingUniform_Named,
  Normal_Named,
  Uniform_Named,
  XavierUniform_Named,
} from '../../generated/declared/nn-init-signatures'

/** The nonlinearities and layers whose gain is known. */
export type Nonlinearity = KaimingUniform_Arguments['nonlinearity']

/** The generator. Default: the device's default generator. */
export type RandomOptions = Pick<Uniform_Named, 'generator'>

export type KaimingOptions = Omit<KaimingUniform_Named, 'tensor'>
export type UniformOptions = Omit<Uniform_Named, 'tensor'>
export type NormalOptions = Omit<Normal_Named, 'tensor'>
export type XavierOptions = Omit<XavierUniform_Named, 'tensor'>
