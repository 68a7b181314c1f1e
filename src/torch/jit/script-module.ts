import { ArgumentError, JitError, native, type ModuleHandle, type TapsHandle, type TensorHandle } from '../../native'
import { keep, wrap } from '../tensor/base'
import { noGrad } from '../autograd'
import { nearestFirst } from '../../common/suggestions'
import { read } from '../call/declared'
import { train } from '../generated/declared/module-methods'
import { Module, indented, printed, type ChildModule } from '../nn/module'
import { Parameter } from '../nn/parameter'
import type { Tensor } from '../tensor/tensor'
import { writeTorchScriptFile, type ExtraFiles } from './files'
import { argumentsOf, defineAttributes, handle, valueOf } from './script-values'

/** The tensors of one TorchScript program by identity, so that a shared tensor is one object. */
type Known = Map<bigint, Parameter | Tensor>

/**
 * A TorchScript module as an ordinary Module: parameters can be trained, children read and methods called.
 *
 * Children, parameters, buffers, attributes and constants of its class are properties, as in Python, unless Module has one of that name;
 * attributes can be assigned. Arguments may be named in a last object, `module.call(x, { return_features: true })`.
 *
 * @see https://docs.pytorch.org/docs/stable/generated/torch.jit.ScriptModule.html
 * @example
 * torch.save(new torch.nn.Linear(3, 2), '/tmp/linear.pt')
 * const linear = torch.jit.load('/tmp/linear.pt')
 * linear.call(torch.ones([1, 3])).shape // [1, 2]
 */
export class ScriptModule extends Module {
  readonly #handle: ModuleHandle
  readonly #parameters = new Map<string, Parameter>()
  readonly #buffers = new Map<string, Tensor>()
  readonly #children = new Map<string, ScriptModule>()
  #hasWarned = false;

  /** Children, tensors, attributes and constants by Python's names. */
  [name: string]: unknown

  /** @internal Made by `torch.jit.load`. */
  constructor(handle: ModuleHandle, known: Known = new Map()) {
    super()
    this.#handle = handle
    const adopt = <T extends Parameter | Tensor>(tensor: TensorHandle, make: () => T): T => {
      const identity = native.identity(tensor)
      const existing = known.get(identity)
      if (existing !== undefined) return existing as T
      const made = keep(make())
      known.set(identity, made)
      return made
    }
    for (const [name, tensor] of native.jitParameters(handle, false))
      this.#parameters.set(
        name,
        adopt(tensor, () => new Parameter(tensor)),
      )
    for (const [name, tensor] of native.jitBuffers(handle, false))
      this.#buffers.set(
        name,
        adopt(tensor, () => wrap(tensor)),
      )
    for (const [name, child] of native.jitChildren(handle)) this.#children.set(name, new ScriptModule(child, known))
    this.training = native.jitIsTraining(handle)
    for (const members of [this.#parameters, this.#buffers, this.#children]) for (const [name, member] of members) this.show(name, member)
    defineAttributes(this, handle, (value) => this.result(value))
  }

  private show(name: string, member: unknown): void {
    if (name in this) return
    const refuse = () => {
      throw new ArgumentError(`'${name}' of a TorchScript module cannot be replaced: its program is fixed. Copy values into its tensors`)
    }
    Object.defineProperty(this, name, { get: () => member, set: refuse, configurable: true })
  }

  /** @internal */
  get _m(): ModuleHandle {
    return this.#handle
  }

  /** @internal */
  get [handle](): ModuleHandle {
    return this.#handle
  }

  /** The class's name in the TorchScript code, such as `ResNet`. */
  get originalName(): string {
    return native.jitTypeName(this.#handle)
  }

  override forward(...args: unknown[]): unknown {
    return this.invoke('forward', ...args)
  }

  /**
   * Calls a method by name, with arguments by position or by name in a last object.
   *
   * A list is an array, a tuple a frozen array, a dict a Map or an object, a named tuple an array with a property for each name or an object,
   * a member of an enumeration an EnumMember, its name or its value, None null, an object of the program's own classes a ScriptObject.
   */
  invoke(method: string, ...args: unknown[]): unknown {
    const { positional, named } = argumentsOf(this.#handle, method, args)
    return this.result(native.jitCall(this.#handle, method, positional, named))
  }

  private result(value: unknown): unknown {
    return valueOf(value, (module) => new ScriptModule(module))
  }

  methodNames(): string[] {
    return native.jitMethodNames(this.#handle)
  }

  /** The graph of a method as text, with all calls inlined if `inlined`. */
  graph(method = 'forward', options: { inlined?: boolean } = {}): string {
    return native.jitGraph(this.#handle, method, options.inlined ?? false)
  }

  /** The names of batch norms that tracing in eval mode froze: they use running statistics whatever the mode. */
  frozenBatchNorms(): string[] {
    return native.jitFrozenBatchNorms(this.#handle)
  }

  /**
   * A function of forward's arguments that returns the output of each named layer's last call, including later in-place changes.
   *
   * The whole module runs, so buffers of later layers are updated. `''` names the module's own output. Works for deep copies, too.
   *
   * A layer inside an if or a loop gives its last call, too.
   *
   * @throws JitError for a layer that does not exist, that forward never calls, or that returns no tensor; `run` throws one for a layer that an if
   * or a loop left out.
   * @example
   * torch.save(new torch.nn.Sequential(new torch.nn.Linear(3, 4), new torch.nn.ReLU()), '/tmp/layers.pt')
   * const layers = torch.jit.load('/tmp/layers.pt')
   * layers.taps(['0', '1']).run(layers, torch.ones([2, 3])).length // 2
   */
  taps(paths: readonly string[]): Taps {
    for (const path of paths) {
      const names = [...this.namedModules()].map(([name]) => name)
      if (!names.includes(path))
        throw new JitError(`the module has no layer '${path}'. Its layers, nearest first: ${nearestFirst(path, names.filter(Boolean))}`)
    }
    return new Taps(native.jitTaps(this.#handle, paths))
  }

  /**
   * Switches this module and all below between training and evaluation.
   *
   * Batch norms frozen by tracing in eval mode stay frozen; a process warning names them.
   */
  override train(mode: boolean | { readonly mode?: boolean | null | undefined } | null = true): this {
    const training = read(train, [mode]).mode
    if (training) this.warnOfFrozen()
    native.jitTrain(this.#handle, training)
    for (const module of this.modules()) module.training = training
    return this
  }

  private warnOfFrozen(): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    const frozen = this.frozenBatchNorms()
    if (frozen.length === 0) return
    process.emitWarning(
      `${this.originalName} was traced in eval mode: train() leaves its ${frozen.length} batch norms (${frozen.slice(0, 3).join(', ')}${frozen.length > 3 ? ', …' : ''}) ` +
        'with running statistics, for the graph says so. Export it again with torch.jit.script(model), or call model.train() before torch.jit.trace',
      { code: 'PIXELCL_FROZEN_BATCH_NORM' },
    )
  }

  override *ownParameters(): IterableIterator<[string, Parameter]> {
    yield* this.#parameters
  }

  override *ownBuffers(): IterableIterator<[string, Tensor, boolean]> {
    for (const [name, buffer] of this.#buffers) yield [name, buffer, true]
  }

  override *ownChildren(): IterableIterator<[string, ChildModule]> {
    for (const [name, child] of this.#children) yield [name, child as ChildModule]
  }

  /** @internal Replaces the tensors' data and keeps their identity, because the program refers to these tensors. */
  override convertOwnTensors(convertTensor: (tensor: Tensor) => Tensor, seen: Set<Parameter>): void {
    super.convertOwnTensors(convertTensor, seen)
    for (const buffer of this.#buffers.values()) {
      const converted = convertTensor(buffer)
      if (converted !== buffer) buffer.data = converted
    }
  }

  override deepcopy(memo = new Map<unknown, unknown>()): this {
    const known = memo.get(this)
    if (known !== undefined) return known as this
    const copy = noGrad(() => new ScriptModule(native.jitDeepcopy(this.#handle))) as this
    const originals = new Map(this.namedParameters())
    for (const [name, parameter] of copy.namedParameters()) parameter.requiresGrad = originals.get(name)?.requiresGrad ?? true
    memo.set(this, copy)
    return copy
  }

  /** Writes a TorchScript file that Python's `torch.jit.load` runs, and into it the extra files, text or bytes by their names. */
  save(path: string, extraFiles: ExtraFiles = {}): void {
    writeTorchScriptFile(this.#handle, path, extraFiles)
  }

  override registerBuffer(): never {
    throw new ArgumentError('a TorchScript module takes no new buffers: its program is fixed')
  }

  override registerParameter(): never {
    throw new ArgumentError('a TorchScript module takes no new parameters: its program is fixed')
  }

  override toString(): string {
    return printed(this, () => {
      const children = [...this.#children].map(([name, child]) => `  (${name}): ${indented(child.toString())}`)
      const head = `RecursiveScriptModule(original_name=${this.originalName}`
      return children.length === 0 ? `${head})` : `${head}\n${children.join('\n')}\n)`
    })
  }
}

/** The rewritten forward of a TorchScript program that returns the outputs of hidden layers. */
export class Taps {
  readonly #handle: TapsHandle

  /** Returns itself, because taps work for copies of their module, too. */
  deepcopy(): this {
    return this
  }

  /** @internal Made by `ScriptModule.taps`. */
  constructor(handle: TapsHandle) {
    this.#handle = handle
  }

  /** Runs the module (the tapped one or a deep copy of it) and returns the layers' outputs in the requested order. */
  run(module: ScriptModule, ...args: unknown[]): Tensor[] {
    const { positional, named } = argumentsOf(module._m, 'forward', args)
    return native.jitRunTaps(this.#handle, module._m, positional, named).map((handle) => wrap(handle))
  }
}
