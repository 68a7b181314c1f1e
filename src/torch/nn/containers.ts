import { ArgumentError } from '../../native'
import { describe } from '../dispatch/describe'
import type { Tensor } from '../tensor'
import { Module, type AnyModule } from './module'
import { declarePassing, pipeline } from './pipeline'
import { forwardSource } from './torch-script'

/**
 * Modules one after another; children are named `0`, `1`, …, or by the keys of an object.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html
 * @example
 * new torch.nn.Sequential(new torch.nn.Linear(2, 3), new torch.nn.ReLU()).call(torch.ones([1, 2])).shape // [1, 3]
 */
export class Sequential extends Module {
  constructor(modules: Readonly<Record<string, AnyModule>>)
  constructor(...modules: AnyModule[])
  constructor(...modules: (AnyModule | Readonly<Record<string, AnyModule>>)[]) {
    super()
    const [first] = modules
    const named =
      modules.length === 1 && first !== undefined && !(first instanceof Module)
        ? Object.entries(first)
        : modules.map((module, i) => [String(i), module] as const)
    for (const [name, module] of named) this.add(name, module)
  }

  private add(name: string, module: unknown): void {
    if (!(module instanceof Module)) throw new ArgumentError(`Sequential takes modules, but '${name}' is ${describe(module)}`)
    this.registerModule(name, module as AnyModule)
  }

  /** Adds a module at the end, named by its position. */
  append(module: AnyModule): this {
    this.add(String(this.length), module)
    return this
  }

  override forward(input: Tensor): Tensor {
    return pipeline(input, this)
  }

  override torchScript(): string {
    const names = [...this.ownChildren()].map(([name]) => name)
    return forwardSource(...names.map((name) => `input = getattr(self, "${name}").forward(input)`), 'return input')
  }

  /** The module at a position, negative from the end. */
  at(index: number): Module {
    const module = [...this].at(index)
    if (module === undefined) throw new ArgumentError(`there is no module ${index}: this Sequential has ${this.length}`)
    return module
  }

  get length(): number {
    return [...this.ownChildren()].length
  }

  *[Symbol.iterator](): IterableIterator<Module> {
    for (const [, child] of this.ownChildren()) yield child as unknown as Module
  }
}

declarePassing(Sequential)

/**
 * A list of modules, found by their owner; it computes nothing itself.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
 * @example
 * new torch.nn.ModuleList([new torch.nn.ReLU(), new torch.nn.Identity()]).length // 2
 */
export class ModuleList<M extends AnyModule = AnyModule> extends Module<never[], never> {
  constructor(modules: readonly M[] = []) {
    super()
    for (const module of modules) this.append(module)
  }

  append(module: M): this {
    if (!(module instanceof Module)) throw new ArgumentError(`a ModuleList takes modules but received ${describe(module)}`)
    this.registerModule(String(this.length), module)
    return this
  }

  at(index: number): M {
    const module = [...this].at(index)
    if (module === undefined) throw new ArgumentError(`there is no module ${index}: this list has ${this.length}`)
    return module
  }

  get length(): number {
    return [...this.ownChildren()].length
  }

  *[Symbol.iterator](): IterableIterator<M> {
    for (const [, child] of this.ownChildren()) yield child as M
  }

  override forward(): never {
    throw new ArgumentError('a ModuleList computes nothing: call its modules')
  }
}
