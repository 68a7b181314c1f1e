/**
 * The hand-typed interface of the C++ shim. The shim throws only errors made by the factory given to `setErrorFactory`,
 * so every failure arrives as one of the package's own classes.
 */

declare const handleKind: unique symbol
interface Handle<Kind extends string> {
  readonly [handleKind]: Kind
}

/** An external that owns one `at::Tensor`. */
export type TensorHandle = Handle<'tensor'>
/** An external that owns one `at::Generator`. */
export type GeneratorHandle = Handle<'generator'>
/** An external that owns one `torch::jit::Module`. */
export type ModuleHandle = Handle<'module'>
/** An external that owns the function that returns the taps of a TorchScript module. */
export type TapsHandle = Handle<'taps'>

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

/**
 * One operator overload. Arguments come positionally in the schema's order, converted by the schema's types:
 * Tensor ← handle (optional: null), Scalar ← number, bigint, boolean or `{ float: number }` (a whole number is an int),
 * int ← whole number or bigint, int[] ← array (or one number where the schema fixes the length), str, bool,
 * ScalarType, Layout, MemoryFormat, Device ← string, Generator ← handle, lists ← arrays. `undefined` and missing
 * trailing arguments take the schema's default. One result is returned plainly, none as undefined, several as an
 * array; an undefined tensor is null; a result that aliases a written argument (`Tensor(a!)`) is that argument's own handle.
 */
export type OperatorFunction = (...args: unknown[]) => unknown

/** What the shim tells the error factory; `schema` and `args` are there when an operator was being called. */
export interface NativeFailure {
  /** 'DISPOSED', 'ARGUMENT' (a wrong argument), 'OPERATOR_NOT_FOUND', 'TORCH' (c10), 'OUT_OF_MEMORY', 'JIT', 'NATIVE'. */
  readonly code: string
  readonly message: string
  /** The C++ message with its trace. */
  readonly nativeStack?: string
  readonly schema?: string
  readonly args?: readonly unknown[]
}

/** How one result of a called TorchScript function comes back: handles, numbers, strings, booleans, null, arrays, Maps. */
export type IValue = unknown

export interface MemoryStats {
  /** Tensors this environment holds handles of. */
  liveTensors: number
  /** Bytes of CPU memory in use through the allocator, of all environments. */
  liveBytes: number
  peakBytes: number
  /** Bytes kept in free lists for reuse, and their bound. */
  cachedBytes: number
  cacheLimit: number
}

export interface Binding {
  setErrorFactory(factory: (failure: NativeFailure) => Error): void

  // operators (binding/operators.cc)
  /** Names of every registered operator as `aten::add.Tensor` ('' overloads have no dot). */
  operatorNames(): string[]
  /** The schema's text, or null when the loaded libtorch has no such overload. */
  schema(name: string, overload: string): string | null
  /** One JavaScript function for one overload; throws OPERATOR_NOT_FOUND. `name` is qualified: 'aten::add'. */
  operator(name: string, overload: string): OperatorFunction
  /** For benchmarks: V8 is not told of the bytes. */
  operatorWithoutAccounting(name: string, overload: string): OperatorFunction
  /** Does nothing, through the same callback as an operator: the cost of a call. */
  emptyCall(...args: unknown[]): undefined

  // tensors (binding/tensor.cc)
  /** Copies `data` (its raw bytes, interleaved for complex, bits for float16, bfloat16 and float8) into a new CPU tensor of `dtype`. */
  fromBytes(data: ArrayBufferView, shape: readonly number[], dtype: string): TensorHandle
  /** Copies a tensor's elements, in order, to the CPU as raw bytes. */
  toBytes(tensor: TensorHandle): ArrayBuffer
  /** A tensor of its own uint8 storage of `bytes`, the base that `viewOfStorage` takes views of. */
  storageFromBytes(data: ArrayBufferView): TensorHandle
  /** A tensor of its own uint8 storage of that many bytes, not yet written. */
  emptyStorage(bytes: number): TensorHandle
  /** Copies `data` into the storage of a CPU tensor, from that byte on; the range is checked. */
  writeStorage(tensor: TensorHandle, offset: number, data: ArrayBufferView): void
  /** Fills `into` from the storage of a CPU tensor, from that byte on; the range is checked. */
  readStorage(tensor: TensorHandle, offset: number, into: ArrayBufferView): void
  /** A tensor on the storage of `base`, offset and strides in elements of `dtype`; bounds are checked. */
  viewOfStorage(base: TensorHandle, dtype: string, offset: number, shape: readonly number[], stride: readonly number[]): TensorHandle
  shape(tensor: TensorHandle): number[]
  stride(tensor: TensorHandle): number[]
  storageOffset(tensor: TensorHandle): number
  dim(tensor: TensorHandle): number
  numel(tensor: TensorHandle): number
  dtype(tensor: TensorHandle): string
  device(tensor: TensorHandle): string
  layout(tensor: TensorHandle): string
  elementSize(tensor: TensorHandle): number
  /** A number that is the same for handles of the same TensorImpl. */
  identity(tensor: TensorHandle): bigint
  /** A number that is the same for tensors that share a storage, and the storage's size in bytes. */
  storageIdentity(tensor: TensorHandle): bigint
  storageSize(tensor: TensorHandle): number
  /** Drops this handle's reference; the handle answers DISPOSED from then on. Twice is harmless. */
  dispose(tensor: TensorHandle): void
  isDisposed(tensor: TensorHandle): boolean
  /** The same data beside the graph, with a version of its own (Python's `x.data`). */
  data(tensor: TensorHandle): TensorHandle
  /** Whether `resize_` may enlarge the tensor: not where another thread may be reading it. */
  isResizable(tensor: TensorHandle): boolean
  /** Makes `target` point to the data of `source` (Python's `x.data = y`), keeping its identity. */
  setData(target: TensorHandle, source: TensorHandle): void
  /** A one-element tensor's value: number (bigint for int64 beyond 2^53), boolean, or [re, im]. */
  item(tensor: TensorHandle): number | bigint | boolean | [number, number]
  defaultDtype(): string
  setDefaultDtype(dtype: string): void
  /** Registers the tensor process-wide under a token that `fromShared` takes once, in any thread. */
  share(tensor: TensorHandle): string
  fromShared(token: string): TensorHandle

  // autograd (binding/autograd.cc)
  requiresGrad(tensor: TensorHandle): boolean
  setRequiresGrad(tensor: TensorHandle, value: boolean): void
  isLeaf(tensor: TensorHandle): boolean
  retainGrad(tensor: TensorHandle): void
  gradFnName(tensor: TensorHandle): string | null
  /** null: no gradient; true: the same tensor as `known`; else a new handle. */
  grad(tensor: TensorHandle, known: TensorHandle | null): TensorHandle | true | null
  setGrad(tensor: TensorHandle, grad: TensorHandle | null): void
  detach(tensor: TensorHandle): TensorHandle
  backward(
    tensors: readonly TensorHandle[],
    gradients: readonly (TensorHandle | null)[],
    retainGraph: boolean,
    createGraph: boolean,
    inputs: readonly TensorHandle[] | null,
  ): void
  autogradGrad(
    outputs: readonly TensorHandle[],
    inputs: readonly TensorHandle[],
    gradients: readonly (TensorHandle | null)[],
    retainGraph: boolean,
    createGraph: boolean,
    allowUnused: boolean,
  ): (TensorHandle | null)[]
  isGradEnabled(): boolean
  setGradEnabled(enabled: boolean): void
  isInferenceMode(): boolean
  /** Enters inference mode until `leaveInferenceMode`; nests. */
  enterInferenceMode(): void
  leaveInferenceMode(): void
  /**
   * All hooks are called through one dispatcher, by key: C++ keeps only keys, so that a closure holding its own tensor
   * makes no cycle between the heaps. A returned handle replaces the gradient.
   */
  setHookDispatcher(dispatch: (key: number, grad: TensorHandle) => TensorHandle | undefined): void
  /** Registers a hook on the tensor's gradient and answers its key. */
  registerHook(tensor: TensorHandle): number
  /** Keys of hooks whose graph is gone, since the last call; their closures may be forgotten. */
  takeReleasedHooks(): number[]
  removeHook(key: number): void
  /** Whether a graph or another handle leads to one of the tensor's hooks, so that it can run though this handle goes. */
  isHeldElsewhere(tensor: TensorHandle, keys: readonly number[]): boolean

  // random (binding/random.cc)
  defaultGenerator(device: string): GeneratorHandle
  createGenerator(device: string): GeneratorHandle
  generatorSeed(generator: GeneratorHandle, seed: bigint): void
  generatorInitialSeed(generator: GeneratorHandle): bigint
  generatorState(generator: GeneratorHandle): TensorHandle
  setGeneratorState(generator: GeneratorHandle, state: TensorHandle): void
  generatorDevice(generator: GeneratorHandle): string
  /** Seeds the default generators of every device. */
  manualSeed(seed: bigint): void

  // signals (binding/signals.cc)
  /** From now on the first SIGINT, SIGTERM or SIGHUP is remembered and answered with `notice` on standard error; the next one ends the process. */
  watchSignals(notice: string): void
  /** The signal that came since `watchSignals`, or null. */
  receivedSignal(): 'SIGINT' | 'SIGTERM' | 'SIGHUP' | null
  /** Gives the signals back to whom they belonged before. */
  unwatchSignals(): void

  // TorchScript (binding/jit*.cc)
  /** Reads an archive from a path or from its bytes (its zip having been checked before); `device` null keeps each tensor's own. */
  jitLoad(file: string | Uint8Array, device: string | null): ModuleHandle
  /** Gives the archive's bytes in order; what `write` throws ends it. The bytes are its own. */
  jitSave(module: ModuleHandle, write: (bytes: Uint8Array) => void): void
  jitDeepcopy(module: ModuleHandle): ModuleHandle
  jitTypeName(module: ModuleHandle): string
  jitMethodNames(module: ModuleHandle): string[]
  /** Calls a method with IValues made from JavaScript values (handles, numbers, arrays…). */
  jitCall(module: ModuleHandle, method: string, args: readonly unknown[]): IValue
  jitTrain(module: ModuleHandle, on: boolean): void
  jitIsTraining(module: ModuleHandle): boolean
  /** Direct children in order of definition. */
  jitChildren(module: ModuleHandle): [name: string, module: ModuleHandle][]
  jitParameters(module: ModuleHandle, recurse: boolean): [name: string, tensor: TensorHandle][]
  jitBuffers(module: ModuleHandle, recurse: boolean): [name: string, tensor: TensorHandle][]
  /** Text of the (inlined or plain) forward graph, for messages and tests. */
  jitGraph(module: ModuleHandle, method: string, inlined: boolean): string
  /** Names of modules whose batch norms the graph of forward calls with training fixed to false (traced in eval mode). */
  jitFrozenBatchNorms(module: ModuleHandle): string[]
  /** A function of the module's forward input that returns the outputs of the named submodules' last calls (and forward's own for ''). */
  jitTaps(module: ModuleHandle, paths: readonly string[]): TapsHandle
  /** Runs the taps of (a deep copy of) that module. */
  jitRunTaps(taps: TapsHandle, module: ModuleHandle, args: readonly unknown[]): TensorHandle[]
  /** Makes a module of a class name ('__torch__.Sequential'). */
  jitCreate(typeName: string): ModuleHandle
  jitRegisterParameter(module: ModuleHandle, name: string, tensor: TensorHandle, requiresGrad: boolean): void
  jitRegisterBuffer(module: ModuleHandle, name: string, tensor: TensorHandle): void
  jitRegisterModule(module: ModuleHandle, name: string, child: ModuleHandle): void
  /** Attributes: boolean ↔ bool, number ↔ int or float by `type`. */
  jitRegisterAttribute(module: ModuleHandle, name: string, type: 'bool' | 'int' | 'float' | 'str', value: unknown): void
  /** Compiles TorchScript source of methods into the module's class. */
  jitDefine(module: ModuleHandle, source: string): void

  // process (binding/memory.cc, binding/device.cc)
  memoryStats(): MemoryStats
  emptyCache(): void
  setCacheLimit(bytes: number): void
  resetPeakBytes(): void
  getNumThreads(): number
  setNumThreads(threads: number): void
  /** torch's version, ABI and build text. */
  buildInfo(): { version: string; cxx11Abi: boolean; config: string; cudaBuilt: boolean; loadedFrom: string }
  cudaDeviceCount(): number
  cudaSynchronize(device: number): void
  cudaMemoryStats(device: number): { allocated: number; reserved: number; peakAllocated: number }
  cudaEmptyCache(): void
  cudaResetPeak(device: number): void
}
