import { expectTensor } from './call/expected'
import { randomBytes } from 'node:crypto'
import { ArgumentError, native, type GeneratorHandle } from '../native'
import { wrap } from './tensor/base'
import { requireCuda } from './tensor/device'
import { describe } from './call/describe'
import type { Device, Int } from './tensor/dtype'
import type { Tensor } from './tensor/tensor'

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

  /** @param handle @internal */
  constructor(device: Device = 'cpu', handle?: GeneratorHandle) {
    if (device.startsWith('cuda')) requireCuda()
    this._g = handle ?? native.createGenerator(device)
  }

  get device(): Device {
    return native.generatorDevice(this._g) as Device
  }

  manualSeed(seed: Int): this {
    native.generatorSeed(this._g, seedOf(seed))
    return this
  }

  /** Takes a seed from the system's randomness, and answers it. */
  seed(): bigint {
    const seed = BigInt.asUintN(53, randomBytes(8).readBigUInt64LE())
    native.generatorSeed(this._g, seed)
    return seed
  }

  initialSeed(): bigint {
    return native.generatorInitialSeed(this._g)
  }

  /** The state as a uint8 tensor that `setState` takes back. */
  getState(): Tensor {
    return wrap(native.generatorState(this._g))
  }

  setState(state: Tensor): this {
    expectTensor('setState', state, 'state')
    native.setGeneratorState(this._g, state._h)
    return this
  }
}

/** A seed as 64 bits; a negative one counts down from 2^64, as in Python. */
function seedOf(seed: Int): bigint {
  if (typeof seed !== 'bigint' && !Number.isInteger(seed)) throw new ArgumentError(`a seed must be a whole number but is ${describe(seed)}`)
  const wide = BigInt(seed)
  if (wide >= 2n ** 64n || wide < -(2n ** 63n)) throw new ArgumentError(`a seed has 64 bits, but ${wide} is beyond them`)
  return BigInt.asUintN(64, wide)
}

/** The generator that random functions draw from when none is given. */
export function defaultGenerator(device: Device = 'cpu'): Generator {
  return new Generator(device, native.defaultGenerator(device))
}

/**
 * Seeds the default generators of every device, and answers the CPU's.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.manual_seed.html
 */
export function manualSeed(seed: Int): Generator {
  native.manualSeed(seedOf(seed))
  return defaultGenerator()
}

/** The seed that the default CPU generator began with. */
export function initialSeed(): bigint {
  return defaultGenerator().initialSeed()
}

/** The default CPU generator's state, as `torch.get_rng_state()`. */
export function getRngState(): Tensor {
  return defaultGenerator().getState()
}

/** Takes back what `getRngState` gave, here or in Python. */
export function setRngState(state: Tensor): void {
  expectTensor('setRngState', state, 'state')
  defaultGenerator().setState(state)
}
