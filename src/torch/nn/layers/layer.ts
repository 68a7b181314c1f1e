import { snakeCase } from '../../../common/text'
import { ArgumentError } from '../../../native'
import { constructed, parametersOf, read, type Declared, type DeclaredClass } from '../../call/declared'
import { misfit } from '../../call/errors'
import type { Kind } from '../../call/kinds'
import { TensorSymbol } from '../../call/recording'
import * as torch from '../../generated/functions'
import type { Device, DType } from '../../tensor/dtype'
import type { Tensor } from '../../tensor/tensor'
import { isTensor } from '../../tensor/base'
import { Module, internals } from '../module'
import { Parameter } from '../parameter'
import { forwardMethod } from '../torch-script'
import { recordForward, resultsOf } from './record'
import { shownFields } from './repr'

/** @internal The properties of a layer besides its signature. */
export interface LayerDetails<Arguments> {
  /** Checks the arguments against each other; the properties of a returned object become fields. */
  readonly prepare?: (args: Arguments) => object | void
  /** The shapes of the parameters by name; false for a parameter that is null. */
  readonly parameters?: (args: Arguments) => Readonly<Record<string, readonly number[] | false>>
  /** Initialises the parameters; becomes `resetParameters`. */
  readonly reset?: (layer: never) => void
  /** The fields in the printed form, in the syntax of `shown`, or a function of the layer that returns them. */
  readonly shows?: string | ((layer: never) => string)
  /** The TorchScript of a forward that cannot be recorded. */
  readonly source?: (layer: never) => string
}

/** The base class of the library's layers: constructor and fields come from PyTorch's signature, and TorchScript is recorded from forward. */
export abstract class Layer extends Module {
  /** @internal Set by `layer`. */
  declare protected readonly declaration: DeclaredClass<unknown, unknown>
  /** @internal Set by `layer`. */
  declare protected readonly details: LayerDetails<unknown>

  /** Creates buffers from the checked arguments; arguments that PyTorch stores as attributes are fields already. */
  protected build(_args: never): void {}

  /** The given fields as Python prints them: `this.shown('alpha inplace?')`; `?` marks a field that is shown only if it is set. */
  protected shown(names: string): string {
    return shownFields(this.fields, new Map(parametersOf(this.declaration).map(({ camelName, kind }) => [camelName, kind])), names)
  }

  /** The fields as the constructor stores them, so that TorchScript is not written from one that was set to something else. */
  protected checkedFields(): Record<string, unknown> {
    const { name, stored } = this.declaration
    const checked: Record<string, unknown> = {}
    for (const { camelName, kind, optional, hasDefault } of parametersOf(this.declaration)) {
      if (!stored.includes(camelName) || isTensor(this.fields[camelName])) continue
      const value = this.fields[camelName]
      if (value === null ? !(optional || hasDefault) : !kind.accepts(value)) throw misfit(name, camelName, kind.text, value)
      checked[camelName] = value === null ? null : kind.read(value)
    }
    return checked
  }

  override extraRepr(): string {
    const { shows = '' } = this.details
    return this.shown(typeof shows === 'string' ? shows : shows(this as never))
  }

  override torchScript(): string | null {
    const checked = this.checkedFields()
    if (this.details.source !== undefined) return this.details.source(Object.assign(Object.create(this) as object, checked) as never)
    const inputs = this.declaration.inputs.map(snakeCase)
    const lines = recordForward(this, inputs)
    return forwardMethod(inputs, lines, resultsOf(lines))
  }
}

type Fields = Readonly<Record<string, unknown>>

/**
 * @internal The base class of a layer with a declared constructor. Each argument becomes a field, a tensor becomes a buffer.
 *
 * Used as `class Identity extends layer(layers.Identity) { … }`.
 */
export function layer<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  details: LayerDetails<Arguments> = {},
): Constructor {
  const { prepare, parameters, reset } = details
  abstract class DeclaredLayer extends Layer {
    constructor(...given: unknown[]) {
      super()
      const args = read(signature, given) as Arguments & Fields
      const prepared = prepare?.(args)
      const tensors = tensorsOf(signature)
      for (const name of signature.stored) {
        if (tensors.has(name)) this.registerBuffer(name, args[name] as Tensor | null)
        else this.fields[name] = args[name]
      }
      Object.assign(this, prepared)
      const where = { device: args['device'] as Device | null, dtype: args['dtype'] as DType | null }
      for (const [name, shape] of Object.entries(parameters?.(args) ?? {}))
        this.registerParameter(name, shape === false ? null : new Parameter(torch.empty(shape, where)))
      this.build(args as never)
      if (reset !== undefined) (this as unknown as { resetParameters(): void }).resetParameters()
      // Check assignments to the fields from now on.
      this[internals].members.adopt()
    }
  }
  Object.defineProperties(DeclaredLayer.prototype, { declaration: { value: signature }, details: { value: details } })
  if (reset !== undefined)
    defineMethod(DeclaredLayer.prototype, 'resetParameters', function () {
      reset(this as never)
    })
  return constructed(signature, DeclaredLayer)
}

function defineMethod(prototype: object, name: string, value: (this: Fields, ...args: never[]) => unknown): void {
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true, enumerable: false })
}

/** @internal Rejects numbers of channels that are not divisible by the number of groups. */
export function expectMultiple(call: string, channels: Readonly<Record<string, number>>, groups: Readonly<Record<string, number>>): void {
  const [groupsName, count] = Object.entries(groups)[0]!
  for (const [name, value] of Object.entries(channels)) {
    if (value % count !== 0)
      throw new ArgumentError(`${call}(): ${name}: expected a multiple of ${groupsName} (${count}) but received ${value}`)
  }
}

/** @internal Rejects anything but a tensor with one of these numbers of dimensions. */
export function expectDimensions(call: string, input: unknown, ranks: readonly number[], shape: string): asserts input is Tensor {
  if (!isTensor(input) && !(input instanceof TensorSymbol)) throw misfit(call, 'input', 'a Tensor', input)
  if (!ranks.includes((input as Tensor).dim())) throw misfit(call, 'input', shape, input)
}

/** @internal Marks an intermediate base class of declared layers as the library's, so that `isOfLibrary` accepts the forward of its subclasses. */
export function declares<Class extends { readonly prototype: object }>(between: Class): Class {
  Object.defineProperty(between.prototype, 'declaration', { value: (between.prototype as { declaration?: unknown }).declaration })
  return between
}

function tensorsOf(signature: Declared<unknown>): ReadonlySet<string> {
  return new Set(parametersOf(signature).flatMap(({ camelName, kind }) => (kind.name === 'Tensor' ? [camelName] : [])))
}

/** @internal The properties of a layer that calls a function. */
export interface FunctionDetails<Arguments> extends LayerDetails<Arguments> {
  /** The fields that the operator receives after forward's inputs, in order; default: those of the constructor. */
  readonly takes?: string
  /** The names of forward's inputs, if some are optional. */
  readonly inputs?: string
}

type Operator = (...args: never[]) => unknown

/**
 * @internal The base class of a layer that only calls a function of the library.
 *
 * An operator receives forward's inputs, then the layer's fields. The body of a declared function receives its arguments by name: the
 * inputs, fields and `training`.
 *
 * Used as `class Softplus extends functionLayer(layers.Softplus, softplus, { shows: 'beta threshold' }) {}`, or with a body as
 * `class ReLU extends functionLayer(layers.ReLU, declared.relu, body.relu, { shows: 'inplace?' }) {}`.
 */
export function functionLayer<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  operator: Operator,
  details?: FunctionDetails<Arguments>,
): Constructor
export function functionLayer<Arguments, Constructor, BodyArguments>(
  signature: DeclaredClass<Arguments, Constructor>,
  declaredFunction: Declared<BodyArguments>,
  body: (args: BodyArguments) => unknown,
  details?: FunctionDetails<Arguments>,
): Constructor
export function functionLayer<Arguments, Constructor>(
  signature: DeclaredClass<Arguments, Constructor>,
  called: Operator | Declared<unknown>,
  second: ((args: never) => unknown) | FunctionDetails<Arguments> = {},
  third: FunctionDetails<Arguments> = {},
): Constructor {
  const details = typeof second === 'function' ? third : second
  const base = layer(signature, details) as unknown as abstract new (...given: unknown[]) => Layer
  abstract class FunctionLayer extends base {}
  const inputs = details.inputs?.split(' ') ?? signature.inputs
  const forward =
    typeof called === 'function'
      ? operatorForward(inputs, details.takes?.split(' ') ?? signature.stored, called)
      : bodyForward(signature, inputs, called, second as (args: never) => unknown)
  defineMethod(declares(FunctionLayer).prototype, 'forward', forward)
  return constructed(signature, FunctionLayer)
}

type Forward = (this: Fields, ...inputs: never[]) => unknown

function operatorForward(expected: readonly string[], names: readonly string[], operator: Operator): Forward {
  if (names.length === 0) return (...inputs) => operator(...inputs)
  return function (...inputs) {
    // A missing input must not let the first field take its place.
    while (inputs.length < expected.length) inputs.push(undefined as never)
    for (let i = 0; i < names.length; i++) inputs.push(this[names[i]!] as never)
    return operator(...inputs)
  }
}

/** The source of a body's argument: an input of forward, or a field. */
interface Source {
  readonly name: string
  /** −1 for a field. */
  readonly at: number
  readonly kind: Kind
  readonly isRequired: boolean
  readonly fallback: unknown
}

function bodyForward(
  { name: layerName, stored }: DeclaredClass<unknown, unknown>,
  inputNames: readonly string[],
  declaredFunction: Declared<unknown>,
  body: (args: never) => unknown,
): Forward {
  let plan: readonly Source[] | undefined
  const makePlan = (): Source[] => {
    const parameters = parametersOf(declaredFunction)
    const names = parameters.map(({ camelName }) => camelName)
    // Match an input to the function's parameter by name, else by position: RMSNorm's `x`, or PoissonNLLLoss's `logInput`, which is also a field.
    const places = inputNames.map((name, i) => (names.includes(name) && !stored.includes(name) ? names.indexOf(name) : i))
    return parameters.map(({ camelName: name, default: fallback = null, kind, hasDefault, optional }, i) => {
      return { name, at: places.indexOf(i), kind, isRequired: !hasDefault && !optional, fallback }
    })
  }
  return function (...inputs) {
    plan ??= makePlan()
    const args: Record<string, unknown> = {}
    for (let i = 0; i < plan.length; i++) {
      const { name, at, kind, isRequired, fallback } = plan[i]!
      let value: unknown = at >= 0 ? inputs[at] : this[name]
      if (at >= 0) {
        const isMissing = value === undefined || value === null
        if (isMissing ? isRequired : !kind.accepts(value)) throw misfit(layerName, inputNames[at]!, kind.text, value)
        if (!isMissing) value = kind.read(value)
      }
      args[name] = value === undefined ? fallback : value
    }
    return body(args as never)
  }
}
