import { snakeCase } from '../../../common/text'
import { parametersOf, read, type Declared, type DeclaredClass } from '../../call/declared'
import { Module, internals } from '../module'
import { forwardMethod } from '../torch-script'
import { recordForward } from './record'
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
    return forwardMethod(inputs, recordForward(this, inputs))
  }
}

/**
 * @internal The base class of a layer whose constructor PyTorch declares.
 *
 * @example
 * class Linear extends layer(signatures.Linear) { … }
 */
export function layer<Arguments, Constructor>(signature: DeclaredClass<Arguments, Constructor>): Constructor {
  abstract class DeclaredLayer extends Layer {
    constructor(...given: unknown[]) {
      super()
      const args = read(signature, given) as Record<string, unknown>
      for (const name of signature.stored) this.fields[name] = args[name]
      this.build(args as never)
      // Assignments to its fields are checked from now on.
      this[internals].members.adopt()
    }
  }
  Object.defineProperty(DeclaredLayer.prototype, 'declaration', { value: signature })
  return DeclaredLayer as unknown as Constructor
}

/**
 * @internal The base class of a layer that only calls a function of the library: forward hands its inputs, the layer's fields and
 * `training` to `body` by their names.
 */
export function functionLayer<Arguments, Constructor, BodyArguments>(
  signature: DeclaredClass<Arguments, Constructor>,
  declaredFunction: Declared<BodyArguments>,
  body: (args: BodyArguments) => unknown,
): Constructor {
  const base = layer(signature) as unknown as abstract new () => Layer
  let plan: readonly { readonly name: string; readonly fallback: unknown }[] | undefined
  abstract class FunctionLayer extends base {
    override forward(...inputs: never[]): unknown {
      plan ??= parametersOf(declaredFunction).map(({ camelName, default: fallback = null }) => ({ name: camelName, fallback }))
      const args: Record<string, unknown> = {}
      for (const { name, fallback } of plan) {
        const at = signature.inputs.indexOf(name)
        const value = at >= 0 ? inputs[at] : this.fields[name]
        args[name] = value === undefined ? fallback : value
      }
      return body(args as BodyArguments)
    }
  }
  Object.defineProperty(FunctionLayer.prototype, 'declaration', { value: signature })
  return FunctionLayer as unknown as Constructor
}
