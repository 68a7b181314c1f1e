import { randomBytes } from 'node:crypto'
import { native, type GeneratorHandle } from '../native'
import { wrap } from './tensor/base'
import { requireCuda } from './tensor/device'
import { declared, read } from './call/declared'
import { misfit } from './call/errors'
import { isDevice, type Device, type Int } from './tensor/dtype'
import type { Tensor } from './tensor/tensor'

const SET_STATE = declared<{ newState: Tensor }>('setState', 'new_state:T')
const SET_RNG_STATE = declared<{ newState: Tensor }>('setRngState', 'new_state:T')

/**
 * A random number generator of libtorch, whose state can be saved.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.Generator.html
 * @example
 * const generator = new torch.Generator().manualSeed(7)
 * torch.rand([2], { generator }).shape // [2]
 */
export class Generator {
  /** @internal */
  readonly _g: GeneratorHandle

  /** @param handle @internal */
  constructor(device: Device = 'cpu', handle?: GeneratorHandle) {
    if (!isDevice(device)) throw misfit('Generator', 'device', "a device such as 'cpu' or 'cuda:0'", device)
    if (device.startsWith('cuda')) requireCuda()
    this._g = handle ?? native.createGenerator(device)
  }

  get device(): Device {
    return native.generatorDevice(this._g) as Device
  }

  manualSeed(seed: Int): this {
    native.generatorSeed(this._g, seedOf('manualSeed', seed))
    return this
  }

  /** Seeds the generator from the system's randomness and returns the seed. */
  seed(): bigint {
    const seed = BigInt.asUintN(53, randomBytes(8).readBigUInt64LE())
    native.generatorSeed(this._g, seed)
    return seed
  }

  initialSeed(): bigint {
    return native.generatorInitialSeed(this._g)
  }

  /** The state as a uint8 tensor, for `setState`. */
  getState(): Tensor {
    return wrap(native.generatorState(this._g))
  }

  setState(newState: Tensor): this {
    native.setGeneratorState(this._g, read(SET_STATE, [newState]).newState._h)
    return this
  }
}

/** A seed as 64 bits; a negative one counts down from 2^64, as in Python. */
function seedOf(call: string, seed: Int): bigint {
  if (typeof seed !== 'bigint' && !Number.isInteger(seed)) throw misfit(call, 'seed', 'a whole number', seed)
  const wide = BigInt(seed)
  if (wide >= 2n ** 64n || wide < -(2n ** 63n)) throw misfit(call, 'seed', 'a whole number of 64 bits', seed)
  return BigInt.asUintN(64, wide)
}

/** The generator that random functions draw from when none is given. */
export function defaultGenerator(device: Device = 'cpu'): Generator {
  if (!isDevice(device)) throw misfit('defaultGenerator', 'device', "a device such as 'cpu' or 'cuda:0'", device)
  return new Generator(device, native.defaultGenerator(device))
}

/**
 * Seeds the default generators of all devices and returns the CPU's.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.manual_seed.html
 */
export function manualSeed(seed: Int): Generator {
  native.manualSeed(seedOf('manualSeed', seed))
  return defaultGenerator()
}

/** The initial seed of the default CPU generator. */
export function initialSeed(): bigint {
  return defaultGenerator().initialSeed()
}

/** The default CPU generator's state, as `torch.get_rng_state()`. */
export function getRngState(): Tensor {
  return defaultGenerator().getState()
}

/** Restores a state of `getRngState`, also one from Python. */
export function setRngState(newState: Tensor): void {
  defaultGenerator().setState(read(SET_RNG_STATE, [newState]).newState)
}
