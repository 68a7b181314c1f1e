import { snakeCase } from '../../../common/text'
import { parametersOf, read, type Declared, type DeclaredClass } from '../../call/declared'
import { Module, internals } from '../module'
import { forwardMethod } from '../torch-script'
import type { Tensor } from '../../tensor/tensor'
import { recordForward, resultsOf } from './record'
import { shownFields } from './repr'

/** The base of the library's own layers: PyTorch declares their constructor and fields, and their TorchScript source is recorded from forward. */
export abstract class Layer extends Module {
  /** @internal Set by `layer`. */
  declare protected readonly declaration: DeclaredClass<unknown, unknown>

  /** Makes parameters and buffers of the checked arguments; those that PyTorch keeps as attributes are fields already. */
  protected build(_args: never): void {}

  /** The fields named, as Python prints them: `this.shown('alpha inplace?')`, `?` for one that shows only where it is set. */
  protected shown(names: string): string {
    return shownFields(this.fields, new Map(parametersOf(this.declaration).map(({ camelName, kind }) => [camelName, kind])), names)
  }

  override torchScript(): string | null {
    const inputs = this.declaration.inputs.map(snakeCase)
    const lines = recordForward(this, inputs)
    return forwardMethod(inputs, lines, resultsOf(lines))
  }
}

/**
 * @internal The base class of a layer whose constructor PyTorch declares. Each argument becomes a field, a tensor a buffer.
 *
 * Used as `class Linear extends layer(layers.Linear) { … }`.
 */
export function layer<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>): Constructor {
  abstract class DeclaredLayer extends Layer {
    constructor(...given: unknown[]) {
      super()
      const args = read(signature, given) as Record<string, unknown>
      const tensors = tensorsOf(signature)
      for (const name of signature.stored) {
        if (tensors.has(name)) this.registerBuffer(name, args[name] as Tensor | null)
        else this.fields[name] = args[name]
      }
      this.build(args as never)
      // Assignments to its fields are checked from now on.
      this[internals].members.adopt()
    }
  }
  Object.defineProperty(DeclaredLayer.prototype, 'declaration', { value: signature })
  return DeclaredLayer as unknown as Constructor
}

/** @internal Marks a class between a declared layer's base and its own as the library's, so that a forward below it counts as declared. */
export function declares<Class extends { readonly prototype: object }>(between: Class): Class {
  Object.defineProperty(between.prototype, 'declaration', { value: (between.prototype as { declaration?: unknown }).declaration })
  return between
}

function tensorsOf(signature: Declared<unknown>): ReadonlySet<string> {
  return new Set(parametersOf(signature).flatMap(({ camelName, kind }) => (kind.name === 'Tensor' ? [camelName] : [])))
}

type Operator = (...args: never[]) => unknown

/**
 * @internal The base class of a layer that only calls a function of the library.
 *
 * An operator receives forward's inputs, then the layer's fields in the constructor's order. The body of a declared function receives its
 * arguments by name: the inputs, then `constants`, fields and `training`.
 *
 * Used as `class Softplus extends functionLayer(layers.Softplus, softplus) { … }`, or with a body as
 * `class ReLU extends functionLayer(layers.ReLU, declared.relu, body.relu) { … }`.
 */
export function functionLayer<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>, operator: Operator): Constructor
export function functionLayer<Arguments, Constructor, BodyArguments>(
  signature: DeclaredClass<Arguments, Constructor>,
  declaredFunction: Declared<BodyArguments>,
  body: (args: BodyArguments) => unknown,
  constants?: Partial<BodyArguments>,
): Constructor
export function functionLayer<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  called: Operator | Declared<unknown>,
  body?: (args: never) => unknown,
  constants: object = {},
): Constructor {
  const base = layer(signature) as unknown as abstract new (...given: unknown[]) => Layer
  abstract class FunctionLayer extends base {}
  const forward =
    typeof called === 'function' ? operatorForward(signature.stored, called) : bodyForward(signature, called, body!, { ...constants })
  const rest = { writable: true, configurable: true, enumerable: false }
  Object.defineProperties(FunctionLayer.prototype, { declaration: { value: signature }, forward: { value: forward, ...rest } })
  return FunctionLayer as unknown as Constructor
}

type Fields = Readonly<Record<string, unknown>>
type Forward = (this: Fields, ...inputs: never[]) => unknown

function operatorForward(stored: readonly string[], operator: Operator): Forward {
  if (stored.length === 0) return (...inputs) => operator(...inputs)
  return function (...inputs) {
    return operator(...inputs, ...(stored.map((name) => this[name]) as never[]))
  }
}

/** Where an argument of a body comes from: an input of forward, or a field. */
interface Source {
  readonly name: string
  readonly at: number
  readonly fallback: unknown
}

function bodyForward(
  { inputs: inputNames, stored }: DeclaredClass<unknown, unknown>,
  declaredFunction: Declared<unknown>,
  body: (args: never) => unknown,
  constants: Fields,
): Forward {
  let plan: readonly Source[] | undefined
  const makePlan = (): Source[] => {
    const names = parametersOf(declaredFunction).map(({ camelName }) => camelName)
    // An input has the function's name for it, or only its place: RMSNorm's `x`, or PoissonNLLLoss's `logInput`, which is a field, too.
    const places = inputNames.map((name, i) => (names.includes(name) && !stored.includes(name) ? names.indexOf(name) : i))
    return parametersOf(declaredFunction)
      .map(({ camelName: name, default: fallback = null }, i) => ({ name, at: places.indexOf(i), fallback }))
      .filter(({ name, at }) => at >= 0 || !(name in constants))
  }
  return function (...inputs) {
    plan ??= makePlan()
    const args: Record<string, unknown> = { ...constants }
    for (let i = 0; i < plan.length; i++) {
      const { name, at, fallback } = plan[i]!
      const value = at >= 0 ? inputs[at] : this[name]
      args[name] = value === undefined ? fallback : value
    }
    return body(args as never)
  }
}
