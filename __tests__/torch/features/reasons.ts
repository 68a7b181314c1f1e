/** The modules of Python's torch, and the classes that users extend or call, whose names docs/FEATURES.md compares: those that are here and those that are to come. */
export const MODULES: readonly string[] = [
  ...[
    'torch',
    'torch.Tensor',
    'torch.Generator',
    'torch.nn',
    'torch.nn.Module',
    'torch.nn.functional',
    'torch.nn.init',
    'torch.nn.attention',
    'torch.nn.utils',
  ],
  ...['torch.nn.utils.parametrizations', 'torch.nn.utils.parametrize', 'torch.nn.utils.prune', 'torch.nn.utils.rnn'],
  ...['torch.optim', 'torch.optim.Optimizer', 'torch.optim.lr_scheduler', 'torch.optim.lr_scheduler.LRScheduler'],
  ...['torch.optim.swa_utils', 'torch.linalg', 'torch.fft', 'torch.special', 'torch.sparse'],
  ...['torch.signal.windows', 'torch.random', 'torch.autograd', 'torch.autograd.functional', 'torch.autograd.forward_ad'],
  ...['torch.autograd.graph', 'torch.func', 'torch.amp', 'torch.cuda', 'torch.jit', 'torch.export', 'torch.serialization'],
  ...['torch.utils.data', 'torch.utils.checkpoint', 'torch.distributions', 'torch.distributions.constraints', 'torch.distributed'],
  'torch.profiler',
]

/** The other modules right below torch, by why their names are not compared. */
export const OTHER_MODULES: Readonly<Record<string, string>> = {
  'other devices than CPU and CUDA': 'torch.accelerator torch.cpu torch.mps torch.mtia torch.xpu',
  'quantization, which starts from graphs of Python code': 'torch.ao torch.quantization',
  "Python's compiler and its graphs": 'torch.compiler torch.fx torch.nativert',
  'ways out of Python, or into other runtimes': 'torch.onnx torch.package',
  'extensions of PyTorch that are written in Python': 'torch.contrib torch.library torch.overrides',
  'prototypes beside Tensor': 'torch.masked torch.nested',
  'its names stand in torch': 'torch.functional',
  'processes and threads of Python': 'torch.futures torch.multiprocessing torch.numa',
  'settings and facts of the build': 'torch.backends torch.torch_version torch.version',
  'downloads of Python code': 'torch.hub',
  'events for monitoring inside Meta': 'torch.monitor',
  'types of Python': 'torch.return_types torch.types',
  'storages, which are never handed out': 'torch.storage',
  'Sobol sequences': 'torch.quasirandom',
  "helpers of PyTorch's own tests": 'torch.testing',
  'holds other modules only': 'torch.signal torch.utils',
}

/** Where a name stands that this package has not under Python's own path. */
export type Standing = 'another way' | 'waits' | 'left out'

export interface Reason {
  readonly standing: Standing
  readonly reason: string
  /** Python's names, with * for any characters and ? for one, separated by white space: the first row that fits a name explains it. */
  readonly names: string
}

const another = (reason: string, names: string): Reason => ({ standing: 'another way', reason, names })
const waits = (reason: string, names: string): Reason => ({ standing: 'waits', reason, names })
const leftOut = (reason: string, names: string): Reason => ({ standing: 'left out', reason, names })

export const REASONS: readonly Reason[] = [
  another('as types `DType`, `Layout`, `MemoryFormat`, `number[]`', 'torch.dtype torch.layout torch.memory_format torch.Size'),
  another("JavaScript's `Math.E`, `Math.PI`, `Infinity`, `NaN`", 'torch.e torch.pi torch.inf torch.nan'),
  another('null in `x.index([null, 0])`', 'torch.newaxis'),
  another('`torch.tensor` and `torch.asTensor` take typed arrays', 'torch.asarray torch.from_numpy torch.frombuffer'),
  another('`x.toTypedArray` and `x.tolist`', 'torch.Tensor.numpy'),
  another(
    '`x.device`, `x.layout` and `x.dtype` say it',
    `torch.get_device torch.Tensor.get_device torch.Tensor.is_cpu torch.Tensor.is_ipu torch.Tensor.is_maia torch.Tensor.is_mkldnn
    torch.Tensor.is_mps torch.Tensor.is_mtia torch.Tensor.is_nested torch.Tensor.is_quantized torch.Tensor.is_sparse_csr
    torch.Tensor.is_vulkan torch.Tensor.is_xla torch.Tensor.is_xpu`,
  ),
  another('`torch.sparse` has these products', 'torch.dsmm torch.hsmm torch.saddmm'),
  another('`torch.jit.ScriptModule`', 'torch.ScriptModule'),
  another('`torch.JitError`', 'torch.JITException torch.jit.Error'),
  another('`torch.TorchError`', 'torch.linalg.LinAlgError torch.OutOfMemoryError torch.AcceleratorError torch.cuda.CudaError'),
  another('`torch.load` and `torch.save`', 'torch.serialization.load torch.serialization.save'),
  another(
    '`torch.manualSeed`, `torch.initialSeed`, `torch.getRngState`, `torch.setRngState`',
    'torch.random.manual_seed torch.random.initial_seed torch.random.get_rng_state torch.random.set_rng_state',
  ),
  another('their argument `returnIndices`', 'torch.nn.functional.*_with_indices'),
  another('`registerModule`', 'torch.nn.Module.add_module'),
  another('`to`', 'torch.nn.Module.type'),
  another("an assignment to the owner's field", 'torch.nn.Module.set_submodule'),

  waits(
    'recurrent layers, attention and transformers',
    `torch.nn.GRU torch.nn.GRUCell torch.nn.LSTM torch.nn.LSTMCell torch.nn.RNN torch.nn.RNNBase torch.nn.RNNCell torch.nn.RNNCellBase
    torch.nn.MultiheadAttention torch.nn.Transformer* torch.nn.attention.* torch.nn.utils.rnn.*`,
  ),
  waits('lazy layers', 'torch.nn.Lazy* torch.nn.Uninitialized*'),
  waits('containers', 'torch.nn.Buffer'),
  waits(
    'other layers',
    'torch.nn.AdaptiveLogSoftmaxWithLoss torch.nn.CrossMapLRN2d torch.nn.LinearCrossEntropyLoss torch.nn.LinearCrossEntropyOptions',
  ),
  waits('training on several devices', 'torch.nn.SyncBatchNorm torch.distributed.*'),
  waits(
    'parametrizations and pruning',
    `torch.nn.utils.parametrizations.* torch.nn.utils.parametrize.* torch.nn.utils.prune.* torch.nn.utils.spectral_norm
    torch.nn.utils.remove_spectral_norm torch.nn.utils.weight_norm torch.nn.utils.remove_weight_norm`,
  ),
  waits('layers joined, skipped or laid out anew', 'torch.nn.utils.fuse_* torch.nn.utils.convert_* torch.nn.utils.skip_init'),
  waits('optimizers', 'torch.optim.Adafactor torch.optim.LBFGS torch.optim.Muon torch.optim.SparseAdam torch.optim.swap_in_*'),
  waits('averaged weights', 'torch.optim.swa_utils.*'),
  waits('mixed precision', 'torch.autocast torch.*_autocast_* torch.is_autocast_enabled torch.autocast_* torch.GradScaler torch.amp.*'),
  waits('functions with gradients of your own', 'torch.autograd.Function torch.autograd.NestedIOFunction'),
  waits(
    'anomaly detection and gradient checks',
    'torch.*anomaly* torch.autograd.gradcheck torch.autograd.gradgradcheck torch.sparse.as_sparse_gradcheck',
  ),
  waits('derivatives of functions', 'torch.autograd.functional.* torch.func.* torch.vmap'),
  waits('forward mode', 'torch.autograd.forward_ad.*'),
  waits('the graph of autograd', 'torch.autograd.graph.* torch.Tensor.retains_grad torch.Tensor.output_nr torch.Tensor.grad_dtype'),
  waits("hooks of a module's gradients, and of states", 'torch.nn.Module.register_* torch.optim.Optimizer.register_*state_dict*'),
  waits('hooks of the steps of an optimizer', 'torch.optim.Optimizer.register_step_*'),
  waits('values of a module that are no tensors, in its state', 'torch.nn.Module.?et_extra_state'),
  waits('modules without memory', 'torch.nn.Module.to_empty'),
  waits('tracing', 'torch.jit.trace torch.jit.trace_module'),
  waits('.pt2 files', 'torch.export.*'),
  waits('data loading', 'torch.utils.data.*'),
  waits('recomputing activations', 'torch.utils.checkpoint.*'),
  waits('distributions', 'torch.distributions.*'),
  waits('profiling', 'torch.profiler.*'),
  waits('windows', 'torch.signal.windows.*'),
  waits('hooks that run once a gradient is whole', 'torch.Tensor.register_post_accumulate_grad_hook'),
  waits('the limits of a dtype', 'torch.finfo torch.iinfo'),
  waits('a default device', 'torch.get_default_device torch.set_default_device'),
  waits('determinism and precision', 'torch.*deterministic* torch.*_float32_matmul_precision'),
  waits('factors of low rank', 'torch.lobpcg torch.pca_lowrank torch.svd_lowrank'),
  waits('float8 and float4', 'torch.float8_* torch.float4_*'),
  waits('products of scaled numbers', 'torch.nn.functional.*grouped_mm torch.nn.functional.scaled_mm torch.nn.functional.S*Type'),
  waits('seeds that the system draws', 'torch.seed torch.random.seed torch.cuda.seed torch.cuda.seed_all'),
  waits('the state of generators kept through a block', 'torch.random.fork_rng'),
  waits(
    'generators of CUDA',
    `torch.Generator.*_state torch.Generator.?et_offset torch.cuda.manual_seed torch.cuda.manual_seed_all torch.cuda.initial_seed torch.cuda.*_rng_state torch.cuda.*_rng_state_all
    torch.cuda.default_generators`,
  ),
  waits(
    'streams, events and graphs of CUDA',
    `torch.Stream torch.Event torch.Tensor.record_stream torch.cuda.Stream torch.cuda.StreamContext torch.cuda.ExternalStream
    torch.cuda.Event torch.cuda.stream torch.cuda.current_stream torch.cuda.default_stream torch.cuda.set_stream
    torch.cuda.get_stream_from_external torch.cuda.CUDAGraph torch.cuda.graph torch.cuda.graph_pool_handle
    torch.cuda.is_current_stream_capturing torch.cuda.make_graphed_callables`,
  ),
  waits(
    'the current device of CUDA and what it is',
    `torch.cuda.current_device torch.cuda.set_device torch.cuda.device torch.cuda.device_of torch.cuda.get_device_* torch.cuda.mem_get_info
    torch.cuda.can_device_access_peer torch.cuda.get_arch_list torch.cuda.is_bf16_supported torch.cuda.is_tf32_supported
    torch.cuda.max_memory_reserved torch.cuda.memory_stats torch.cuda.memory_summary torch.cuda.*_per_process_memory_fraction`,
  ),
  waits('semi-structured sparsity', 'torch.sparse.*emi*tructured* torch.sparse.check_sparse_tensor_invariants'),

  leftOut(
    'removed from PyTorch: a call throws in Python',
    `torch.eig torch.lstsq torch.matrix_rank torch.solve torch.symeig torch.Tensor.eig torch.Tensor.lstsq torch.Tensor.solve torch.Tensor.symeig torch.Tensor.reinforce torch.Tensor.resize
    torch.Tensor.resize_as`,
  ),
  leftOut(
    'old forms that Python keeps for old programs',
    `torch.*Variable torch.autograd.variable torch.Tensor.volatile torch.Tensor.name torch.Tensor.new torch.legacy_contiguous_format torch.nn.DataParallel
    torch.cuda.reset_max_memory_* torch.cuda.has_half torch.cuda.has_magma`,
  ),
  leftOut(
    'storages and addresses, which are never handed out',
    `torch.*Storage torch.StorageBase torch.is_storage torch.Tensor.const_data_ptr torch.Tensor.data_ptr torch.Tensor.storage_type
    torch.Tensor.untyped_storage torch.from_file torch.from_dlpack`,
  ),
  leftOut('types of tensors by dtype: a tensor has its dtype', 'torch.*Tensor'),
  leftOut(
    'memory of several processes: `x.share` serves threads',
    'torch.Tensor.is_shared torch.Tensor.share_memory_ torch.nn.Module.share_memory',
  ),
  leftOut(
    "parts of Python's own compiler",
    `torch.compile torch.nn.Module.compile torch.cond torch.while_loop torch.sym_* torch.Sym* torch.typename torch.classproperty torch.import_ir_module*
    torch.merge_type_from_type_comment torch.parse_* torch.unify_type_list torch.fork torch.wait torch.Future`,
  ),
  leftOut(
    'TorchScript from Python code, and what compiles it',
    `torch.jit.script torch.jit.ignore torch.jit.unused torch.jit.Attribute torch.jit.CompilationUnit torch.jit.ScriptFunction
    torch.jit.export_opnames torch.jit.Future`,
  ),
  leftOut(
    "TorchScript's insides",
    `torch.*Type torch.Script* torch.AliasDb torch.Argument* torch.Block torch.BufferDict torch.CallStack torch.Capsule torch.Code
    torch.CompilationUnit torch.CompleteArgumentSpec torch.ConcreteModuleTypeBuilder torch.DeepCopyMemoTable
    torch.*erializationStorageContext torch.ErrorReport torch.ExecutionPlan torch.FileCheck torch.FunctionSchema torch.Gradient
    torch.Graph* torch.IODescriptor torch.LiteScriptModule torch.ModuleDict torch.Node torch.OperatorInfo torch.ParameterDict
    torch.PyTorchFile* torch.StaticModule torch.TracingState torch.Type torch.Use torch.Value`,
  ),
  leftOut(
    "PyTorch's own measuring and logging",
    `torch.AVG torch.SUM torch.Benchmark* torch.ThroughputBenchmark torch.*Logger torch.LoggerBase torch.profiler_allow_*`,
  ),
  leftOut('the dispatcher', 'torch.DispatchKey* torch.ExcludeDispatchKeyGuard torch.DisableTorchFunction* torch.Tag torch.FatalError'),
  leftOut('dtypes that have a name and hardly an operator', 'torch.bit torch.bits* torch.int? torch.uint? torch.quint* torch.qint*'),
  leftOut('quantization', 'torch.per_* torch.qscheme torch.Tensor.qscheme torch.quantized_*'),
  leftOut('facts of the build', 'torch.has_* torch.compiled_with_cxx11_abi torch.get_file_path torch.prepare_multiprocessing_environment'),
  leftOut(
    'settings of the process that libtorch reads at its start',
    'torch.*num_interop_threads torch.init_num_threads torch.set_flush_denormal',
  ),
  leftOut(
    'devices other than CPU and CUDA',
    'torch.get_device_module torch.Tensor.ipu torch.Tensor.mtia torch.Tensor.xpu torch.nn.Module.ipu torch.nn.Module.mtia torch.nn.Module.xpu',
  ),
  leftOut(
    "Python's own objects: functions of JavaScript do it",
    'torch.Tensor.apply_ torch.Tensor.map_ torch.Tensor.map2_ torch.Tensor.as_subclass torch.Tensor.module_load',
  ),
  leftOut('`torch.ops` has it', 'torch.Tensor.to_sparse_coo torch.Tensor.dim_order'),
  leftOut(
    "helpers of Python's code",
    'torch.nn.Module.T_destination torch.nn.Module.call_super_init torch.nn.Module.dump_patches torch.optim.Optimizer.Optimizer* torch.optim.Optimizer.profile_hook_step torch.nn.factory_kwargs torch.nn.functional.assert_int_or_pair torch.*thread_safe_generator',
  ),
  leftOut('threads of backward, which runs on one', 'torch.autograd.set_multithreading_enabled torch.autograd.enforce_grad_layout_policy'),
  leftOut(
    'allocators, handles and sensors of CUDA',
    `torch.cuda.*llocator* torch.cuda.*_mem_pool torch.cuda.MemPool torch.cuda.GreenContext torch.cuda.*_handle torch.cuda.cuda*
    torch.cuda.check_error torch.cuda.DeferredCudaCallError torch.cuda.*init* torch.cuda.get_gencode_flags torch.cuda.ipc_collect
    torch.cuda.*_sync_debug_mode torch.cuda.list_gpu_processes torch.cuda.*memory_stats* torch.cuda.memory_snapshot
    torch.cuda.device_memory_used torch.cuda.memory_usage torch.cuda.clock_rate torch.cuda.power_draw torch.cuda.temperature
    torch.cuda.utilization`,
  ),
  leftOut('settings of files: `torch.load` reads all that it knows and runs no code', 'torch.serialization.*'),
]
