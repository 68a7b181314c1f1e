import { native, type GeneratorHandle } from '../native'
import { wrap } from './base'
import type { Device } from './dtype'
import type { Tensor } from './tensor'

/**
 * A source of random numbers of libtorch's, with a state that can be saved.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.Generator.html
 * @example
 * const generator = new torch.Generator().manualSeed(7)
 * torch.rand([2], { generator }).shape // [2]
 */
export class Generator {
  /** @internal */
  readonly _g: GeneratorHandle

  constructor(device: Device = 'cpu', handle?: GeneratorHandle) {
    this._g = handle ?? native.createGenerator(device)
  }

  get device(): Device {
    return native.generatorDevice(this._g)
  }

  manualSeed(seed: number | bigint): this {
    native.generatorSeed(this._g, BigInt(seed))
    return this
  }

  initialSeed(): bigint {
    return native.generatorInitialSeed(this._g)
  }

  /** The state as a uint8 tensor that `setState` takes back. */
  getState(): Tensor {
    return wrap(native.generatorState(this._g))
  }

  setState(state: Tensor): this {
    native.setGeneratorState(this._g, state._h)
    return this
  }
}

/** The generator that random functions draw from when none is given. */
export function defaultGenerator(device: Device = 'cpu'): Generator {
  return new Generator(device, native.defaultGenerator(device))
}

/** Seeds the default generators of every device. */
export function manualSeed(seed: number | bigint): void {
  native.manualSeed(BigInt(seed))
}

export function initialSeed(): bigint {
  return defaultGenerator().initialSeed()
}

/** The default CPU generator's state, as `torch.get_rng_state()`. */
export function getRngState(): Tensor {
  return defaultGenerator().getState()
}

export function setRngState(state: Tensor): void {
  defaultGenerator().setState(state)
}
