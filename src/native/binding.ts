/**
 * The hand-typed interface of the C++ shim; a test compares its names with what the shim exports. The shim throws only errors made by
 * the factory given to `setErrorFactory`, so every failure arrives as one of the package's own classes.
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
/** An external that owns a copy of a `c10::Error`. */
export type CauseHandle = Handle<'cause'>
/** An external that owns a C++ reference to a JavaScript function. */
export type FunctionHandle = Handle<'function'>

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

/** The argument of the error factory; `schema` and `args` are set if an operator failed. */
export interface NativeFailure {
  /** 'DISPOSED', 'ARGUMENT' (a wrong argument), 'OPERATOR_NOT_FOUND', 'TORCH' (c10), 'OUT_OF_MEMORY', 'JIT', 'NATIVE'. */
  readonly code: string
  readonly message: string
  /** A copy of libtorch's exception, from which `nativeStack` formats the trace. */
  readonly cause?: CauseHandle
  readonly schema?: string
  readonly args?: readonly unknown[]
}

/** A result of a TorchScript function: handles, numbers, strings, booleans, null, arrays, Maps. */
export type IValue = unknown

export interface MemoryStats {
  /** Tensors to which this environment has handles. */
  liveTensors: number
  /** Bytes of CPU memory allocated and not freed, in all environments. */
  liveBytes: number
  peakBytes: number
  /** Bytes of freed blocks kept for reuse, and their limit. */
  cachedBytes: number
  cacheLimit: number
}

export interface Binding {
  // errors (binding/runtime/errors.cc)
  setErrorFactory(factory: (failure: NativeFailure) => Error): void
  /** Formats the C++ message with its trace, which takes milliseconds. */
  nativeStack(cause: CauseHandle): string

  // warnings (binding/runtime/warnings.cc)
  /** Receives libtorch's warnings of this environment's calls, each once, when the call that raised it ends. */
  setWarningListener(listen: (message: string, isDeprecation: boolean) => void): void
  /** Whether warnings are repeated, in all environments. */
  isWarnAlways(): boolean
  setWarnAlways(always: boolean): void

  // calls into JavaScript (binding/runtime/calls.cc)
  /**
   * C++ calls every JavaScript function through `call`, with the function's key and arguments converted like an operator's results: handles,
   * numbers, strings, booleans, arrays; null for None and for an undefined tensor. A returned array means several values, undefined means
   * none. `release` receives the keys that C++ has dropped. Both are used for the rest of the environment's life.
   */
  setDispatcher(call: (key: number, ...values: unknown[]) => unknown, release: (keys: readonly number[]) => void): void
  /** Calls `release` now for the keys dropped so far; otherwise the event loop does it later. */
  releaseFunctions(): void
  /** Makes a C++ reference to a function, which lives as long as the handle, and returns the key that identifies the function in `call`. */
  createFunction(): [key: number, handle: FunctionHandle]
  /** For tests: calls the function from that many threads at once (0: from this thread) and returns the results of each call. */
  callFunction(handle: FunctionHandle, values: readonly unknown[], threads: number): unknown[][]

  // operators (binding/runtime/operators.cc)
  /** Names of every registered operator as `aten::add.Tensor` ('' overloads have no dot). */
  operatorNames(): string[]
  /** Loads a library that registers operators, for the whole process. */
  loadLibrary(path: string): void
  /** The schema's text, or null if the loaded libtorch lacks the overload. */
  schema(name: string, overload: string): string | null
  /** The JavaScript function of one overload; `name` is qualified, such as 'aten::add'. Throws OPERATOR_NOT_FOUND. */
  operator(name: string, overload: string): OperatorFunction
  /** For benchmarks: an operator that does not tell V8 of the bytes it allocates. */
  operatorWithoutAccounting(name: string, overload: string): OperatorFunction
  /** For benchmarks: a native function that does nothing. */
  emptyCall(...args: unknown[]): undefined

  // tensors (binding/tensor/tensor.cc)
  /** Copies `data` (its raw bytes, interleaved for complex, bits for float16, bfloat16 and float8) into a new CPU tensor of `dtype`. */
  fromBytes(data: ArrayBufferView, shape: readonly number[], dtype: string): TensorHandle
  /** Copies a tensor's elements, in order, to the CPU as raw bytes. */
  toBytes(tensor: TensorHandle): ArrayBuffer
  /** A uint8 tensor with a copy of the bytes, as a base for `viewOfStorage`. */
  storageFromBytes(data: ArrayBufferView): TensorHandle
  /** A uint8 tensor of that many uninitialised bytes, as a base for `viewOfStorage`. */
  emptyStorage(bytes: number): TensorHandle
  /** Copies `data` into the storage of a CPU tensor, starting at byte `offset`; the range is checked. */
  writeStorage(tensor: TensorHandle, offset: number, data: ArrayBufferView): void
  /** Fills `into` from the storage of a CPU tensor, starting at byte `offset`; the range is checked. */
  readStorage(tensor: TensorHandle, offset: number, into: ArrayBufferView): void
  /** A tensor that shares the storage of `base`; offset and strides count elements of `dtype`, and bounds are checked. */
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
  /** A number that identifies the TensorImpl. */
  identity(tensor: TensorHandle): bigint
  /** A number that identifies the storage. */
  storageIdentity(tensor: TensorHandle): bigint
  /** In bytes. */
  storageSize(tensor: TensorHandle): number
  /** Drops this handle's reference; using the handle afterwards throws DISPOSED, except in another `dispose`. */
  dispose(tensor: TensorHandle): void
  isDisposed(tensor: TensorHandle): boolean
  /**
   * A tensor on the same data that is detached from the graph and has a version counter of its own (Python's `x.data`). Integers keep the
   * counter, so that a backward does not read indices which nobody has checked.
   */
  data(tensor: TensorHandle): TensorHandle
  /** False where another thread may be reading the storage, so that `resize_` must not enlarge the tensor. */
  isResizable(tensor: TensorHandle): boolean
  /** False for a ZeroTensor: zeros that autograd makes without memory. */
  hasMemory(tensor: TensorHandle): boolean
  /** Zeros in memory for a ZeroTensor, else the handle itself. */
  materialize(tensor: TensorHandle): TensorHandle
  /** Gives `target` the data of `source`, keeping its identity (Python's `x.data = y`). */
  setData(target: TensorHandle, source: TensorHandle): void
  /** A one-element tensor's value: number (bigint for int64 beyond 2^53), boolean, or [re, im]. */
  item(tensor: TensorHandle): number | bigint | boolean | [number, number]
  defaultDtype(): string
  setDefaultDtype(dtype: string): void
  /** Registers the tensor in the process under a token, which any thread can redeem once. */
  share(tensor: TensorHandle): string
  fromShared(token: string): TensorHandle

  // autograd (binding/autograd/autograd.cc)
  requiresGrad(tensor: TensorHandle): boolean
  setRequiresGrad(tensor: TensorHandle, value: boolean): void
  isLeaf(tensor: TensorHandle): boolean
  retainGrad(tensor: TensorHandle): void
  gradFnName(tensor: TensorHandle): string | null
  /** null without a gradient, true if the gradient is the tensor of `known`, else a new handle. */
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
  /** Registers a hook on the tensor's gradient and returns its key; the hook may return a handle that replaces the gradient. */
  registerHook(tensor: TensorHandle): number
  removeHook(key: number): void
  /** Whether a graph or another handle could still run one of the tensor's hooks if this handle were dropped. */
  isHeldElsewhere(tensor: TensorHandle, keys: readonly number[]): boolean

  // random (binding/tensor/random.cc)
  defaultGenerator(device: string): GeneratorHandle
  createGenerator(device: string): GeneratorHandle
  generatorSeed(generator: GeneratorHandle, seed: bigint): void
  generatorInitialSeed(generator: GeneratorHandle): bigint
  generatorState(generator: GeneratorHandle): TensorHandle
  setGeneratorState(generator: GeneratorHandle, state: TensorHandle): void
  generatorDevice(generator: GeneratorHandle): string
  /** Seeds the default generators of every device. */
  manualSeed(seed: bigint): void

  // signals (binding/runtime/signals.cc)
  /** Records the first SIGINT, SIGTERM or SIGHUP from now on and prints `notice` on standard error; the next one ends the process. */
  watchSignals(notice: string): void
  /** The signal received since `watchSignals`, or null. */
  receivedSignal(): 'SIGINT' | 'SIGTERM' | 'SIGHUP' | null
  /** Restores the handlers from before `watchSignals`. */
  unwatchSignals(): void

  // TorchScript (binding/jit)
  /**
   * Reads an archive from its pieces, bytes or parts of open files, which the caller has checked. If `device` is null, each tensor keeps its
   * device.
   */
  jitLoad(
    pieces: readonly (Uint8Array | readonly [descriptor: number, offset: number, length: number])[],
    device: string | null,
  ): ModuleHandle
  /** Passes the archive to `write` piece by piece, in buffers that `write` may keep; an exception of `write` stops the saving. */
  jitSave(
    module: ModuleHandle,
    write: (bytes: Uint8Array) => void,
    extraFiles: readonly (readonly [name: string, bytes: Uint8Array])[],
  ): void
  jitDeepcopy(module: ModuleHandle): ModuleHandle
  jitTypeName(module: ModuleHandle): string
  jitMethodNames(module: ModuleHandle): string[]
  /** Calls a method with IValues made from JavaScript values (handles, numbers, arrays…). */
  jitCall(module: ModuleHandle, method: string, args: readonly unknown[], named: Readonly<Record<string, unknown>> | null): IValue
  /** The arguments of a method, and whether a plain object may be the value of each. */
  jitArguments(module: ModuleHandle, method: string): [name: string, takesObject: boolean][]
  /** Attributes that are neither tensors nor modules, and constants of the class. */
  jitAttributeNames(module: ModuleHandle): string[]
  jitGetAttribute(module: ModuleHandle, name: string): IValue
  jitSetAttribute(module: ModuleHandle, name: string, value: unknown): void
  jitTrain(module: ModuleHandle, on: boolean): void
  jitIsTraining(module: ModuleHandle): boolean
  /** Direct children in order of definition. */
  jitChildren(module: ModuleHandle): [name: string, module: ModuleHandle][]
  jitParameters(module: ModuleHandle, recurse: boolean): [name: string, tensor: TensorHandle][]
  jitBuffers(module: ModuleHandle, recurse: boolean): [name: string, tensor: TensorHandle][]
  /** A method's graph as text, with its calls inlined if `inlined`; for messages and tests. */
  jitGraph(module: ModuleHandle, method: string, inlined: boolean): string
  /** Names of modules whose graph calls a batch norm with the constant training=false, which tracing in eval mode writes. */
  jitFrozenBatchNorms(module: ModuleHandle): string[]
  /** A function that takes forward's arguments and returns the output of each named submodule's last call ('' names forward itself). */
  jitTaps(module: ModuleHandle, paths: readonly string[]): TapsHandle
  /** Runs the taps on that module, or on a deep copy of it. */
  jitRunTaps(
    taps: TapsHandle,
    module: ModuleHandle,
    args: readonly unknown[],
    named: Readonly<Record<string, unknown>> | null,
  ): TensorHandle[]
  /** Makes an empty module of a new class ('__torch__.Sequential'). */
  jitCreate(typeName: string): ModuleHandle
  jitRegisterParameter(module: ModuleHandle, name: string, tensor: TensorHandle, requiresGrad: boolean): void
  jitRegisterBuffer(module: ModuleHandle, name: string, tensor: TensorHandle): void
  jitRegisterModule(module: ModuleHandle, name: string, child: ModuleHandle): void
  jitRegisterAttribute(module: ModuleHandle, name: string, type: 'bool' | 'int' | 'float' | 'str', value: unknown): void
  /** Compiles methods from TorchScript source into the module's class. */
  jitDefine(module: ModuleHandle, source: string): void

  // process (binding/memory/memory.cc, binding/memory/device.cc)
  memoryStats(): MemoryStats
  emptyCache(): void
  setCacheLimit(bytes: number): void
  resetPeakBytes(): void
  getNumThreads(): number
  setNumThreads(threads: number): void
  /** torch's version, ABI and build configuration. */
  buildInfo(): { version: string; cxx11Abi: boolean; config: string; cudaBuilt: boolean; loadedFrom: string }
  cudaDeviceCount(): number
  cudaSynchronize(device: number): void
  cudaMemoryStats(device: number): { allocated: number; reserved: number; peakAllocated: number }
  cudaEmptyCache(): void
  cudaResetPeak(device: number): void
}
