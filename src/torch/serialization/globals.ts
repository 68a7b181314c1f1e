import { FileError } from '../../native'
import { isTensor } from '../tensor/base'
import { dtypes } from '../tensor/dtype'
import { Parameter } from '../nn/parameter'
import type { Tensor } from '../tensor/tensor'
import { numpyArray, numpyDtype, numpyScalar } from './numpy'
import {
  costs,
  Deferred,
  PickledDict,
  PickledObject,
  PickledTuple,
  PickleFunction,
  shown,
  WholeFloat,
  type Budget,
} from '../archive/pickle-values'
import { programStorageTypes, storageTypes } from '../archive/storage-types'
import { rebuildSparse, rebuildTensor, StorageType } from './rebuild'

type Call = (args: readonly unknown[], budget: Budget) => unknown

const layouts = new Map([
  ['torch.strided', 'strided'],
  ['torch.sparse_coo', 'sparseCoo'],
  ['torch.sparse_csr', 'sparseCsr'],
  ['torch.sparse_csc', 'sparseCsc'],
  ['torch.sparse_bsr', 'sparseBsr'],
  ['torch.sparse_bsc', 'sparseBsc'],
])

const table = new Map<string, unknown>()

function allow(names: string | readonly string[], call: Call): void {
  for (const name of [names].flat()) table.set(name, new PickleFunction(name, call))
}

const itemsOf = (value: unknown): readonly unknown[] => {
  if (value === undefined) return []
  if (value instanceof PickledTuple) return value.items
  if (Array.isArray(value)) return value as unknown[]
  if (value instanceof Set) return [...(value as Set<unknown>)]
  throw new FileError('the pickle is damaged: a list was expected')
}

function dictOf(kind: 'dict' | 'ordered', source: unknown, budget: Budget): PickledDict {
  const dict = new PickledDict(kind)
  const pairs = source instanceof PickledDict ? [...source.entries] : itemsOf(source).map(itemsOf)
  budget.charge(64 * pairs.length)
  for (const [key, value] of pairs) dict.entries.set(key, value)
  return dict
}

for (const dtype of dtypes) table.set(`torch.${dtype}`, dtype)
for (const [alias, dtype] of Object.entries({
  float: 'float32',
  double: 'float64',
  half: 'float16',
  long: 'int64',
  int: 'int32',
  short: 'int16',
})) {
  table.set(`torch.${alias}`, dtype)
}
for (const [name, dtype] of Object.entries({ ...storageTypes, ...programStorageTypes })) {
  for (const module of ['torch', 'torch.cuda', 'torch.storage']) table.set(`${module}.${name}`, new StorageType(name, dtype))
}

allow('collections.OrderedDict', ([source], budget) => dictOf('ordered', source, budget))
allow('collections.Counter', ([source], budget) => dictOf('dict', source, budget))
allow('collections.defaultdict', ([, source], budget) => dictOf('dict', source, budget))
allow(['argparse.Namespace', 'types.SimpleNamespace'], () => new PickledDict('namespace'))
// Known dict classes with attribute access, which hold nothing but their entries.
allow(
  [
    'easydict.EasyDict',
    'addict.addict.Dict',
    'munch.Munch',
    'yacs.config.CfgNode',
    'lightning.fabric.utilities.data.AttributeDict',
    'lightning_fabric.utilities.data.AttributeDict',
    'pytorch_lightning.utilities.parsing.AttributeDict',
    'transformers.utils.generic.ModelOutput',
  ],
  ([source], budget) => dictOf('ordered', source, budget),
)

allow(['builtins.set', 'builtins.frozenset'], ([source], budget) => {
  const items = itemsOf(source)
  budget.charge(64 * items.length)
  return new Set(items)
})
allow('builtins.complex', ([real, imag]) => ({ real: numberOf(real), imag: numberOf(imag) }))
allow(['builtins.bytearray', 'builtins.bytes'], ([source, encoding], budget) => {
  if (source === undefined) return new Uint8Array(0)
  if (source instanceof Uint8Array) return charged(source, budget)
  return typeof source === 'string' && encoding === 'latin-1' ? encoded(source, budget) : bytesOfList(source, budget)
})
allow('_codecs.encode', ([text, encoding], budget) => {
  if (typeof text !== 'string' || (encoding !== 'latin1' && encoding !== 'latin-1'))
    throw new FileError('the pickle is damaged: bytes are encoded in an unknown way')
  return encoded(text, budget)
})
allow(['builtins.slice', 'builtins.range'], (args) => new PickledTuple(args))
// A defaultdict names these as its default factory; they are never called.
for (const name of ['list', 'dict', 'int', 'float', 'str', 'tuple', 'bool']) {
  allow(`builtins.${name}`, () => {
    throw new FileError(`the pickle calls builtins.${name}, which no PyTorch file does`)
  })
}
allow(
  ['PosixPath', 'PurePosixPath', 'Path', 'PurePath'].flatMap((name) => [`pathlib.${name}`, `pathlib._local.${name}`]),
  (parts) => joined(parts, '/'),
)
allow(
  ['WindowsPath', 'PureWindowsPath'].flatMap((name) => [`pathlib.${name}`, `pathlib._local.${name}`]),
  (parts) => joined(parts, '\\'),
)

allow('torch.Size', ([source], budget) => {
  const items = itemsOf(source)
  budget.charge(16 * items.length)
  return new PickledTuple([...items])
})
allow('torch.device', ([type, index]) => (index === undefined || index === null ? shown(type) : `${shown(type)}:${shown(index)}`))
allow('torch.serialization._get_layout', ([name]) => layouts.get(shown(name)) ?? shown(name))

const QUANTISED = 'the file holds a quantised tensor, which is not supported: save `tensor.dequantize()` in Python'

/** The layouts that libtorch's writer counts. */
const PROGRAM_LAYOUTS: Readonly<Record<number, string>> = { 1: 'sparseCoo', 2: 'sparseCsr' }

/** A sparse tensor as libtorch's own writer puts it: layout, shape, requiresGrad, indices (and columns), values, hooks. */
function sparseOfProgram([layout, shape, , ...parts]: readonly unknown[]): unknown {
  const name = PROGRAM_LAYOUTS[layout as number]
  if (name === undefined) throw new FileError(`the pickle is damaged: a sparse tensor has the layout ${shown(layout)}`)
  return rebuildSparse(name, new PickledTuple([...parts.slice(0, name === 'sparseCoo' ? 2 : 3), shape]))
}

function allowTensor(name: string, rebuild: (args: readonly unknown[]) => unknown): void {
  allow(`torch._utils.${name}`, (args, budget) => {
    budget.charge(costs.tensor)
    return rebuild(args)
  })
}

allowTensor('_rebuild_tensor', ([storage, offset, shape, stride]) => rebuildTensor({ storage, offset, shape, stride }))
allowTensor('_rebuild_tensor_v2', ([storage, offset, shape, stride, requiresGrad, , metadata]) =>
  rebuildTensor({ storage, offset, shape, stride, requiresGrad, metadata }),
)
allowTensor('_rebuild_tensor_v3', ([storage, offset, shape, stride, requiresGrad, , dtype, metadata]) =>
  rebuildTensor({ storage, offset, shape, stride, requiresGrad, dtype, metadata }),
)
allowTensor('_rebuild_parameter', ([data, requiresGrad]) => parameterOf(data, requiresGrad))
allowTensor('_rebuild_parameter_with_state', ([data, requiresGrad]) => parameterOf(data, requiresGrad))
allowTensor('_rebuild_sparse_tensor', (args) => (typeof args[0] === 'number' ? sparseOfProgram(args) : rebuildSparse(args[0], args[1])))
allowTensor('_rebuild_device_tensor_from_numpy', ([data]) => resolved(data))
allowTensor('_rebuild_device_tensor_from_cpu_tensor', ([data]) => resolved(data))
allowTensor('_rebuild_qtensor', () => {
  throw new FileError(QUANTISED)
})
// libtorch's writer wraps a dict to tell the types in it, such as the marks of a conjugated tensor.
allow('torch.jit._pickle.restore_type_tag', ([value]) => value)
// A tensor with attributes or of a subclass; the arguments are the rebuild function, the type, that function's arguments, the attributes.
allow('torch._tensor._rebuild_from_type_v2', ([rebuild, type, args], budget) => {
  if (!(rebuild instanceof PickleFunction) || !(args instanceof PickledTuple))
    throw new FileError('the pickle is damaged: a tensor has no constructor')
  const tensor = rebuild.call(args.items, budget)
  return type instanceof PickleFunction && type.name === 'torch.nn.parameter.Parameter' ? parameterOf(tensor, true) : tensor
})
allow(['torch.nn.parameter.Parameter', 'torch.nn.parameter.Buffer'], ([data, requiresGrad]) =>
  data === undefined ? legacyTensor() : parameterOf(data, requiresGrad ?? true),
)
allow(
  [
    'torch.Tensor',
    ...['Float', 'Double', 'Half', 'Long', 'Int', 'Short', 'Char', 'Byte', 'Bool', 'BFloat16'].flatMap((type) => [
      `torch.${type}Tensor`,
      `torch.cuda.${type}Tensor`,
    ]),
  ],
  legacyTensor,
)

allow('numpy._core.multiarray.scalar', numpyScalar)
allow(['numpy._core.multiarray._reconstruct', 'numpy.ndarray'], numpyArray)
allow('numpy.dtype', numpyDtype)

/** The oldest files create an empty tensor and then set its storage, offset, shape and strides. */
function legacyTensor(): Deferred {
  return new Deferred('tensor', (state) => {
    const [storage, offset, shape, stride] = itemsOf(state)
    return isTensor(resolved(storage)) ? resolved(storage) : rebuildTensor({ storage, offset, shape, stride })
  })
}

function resolved(value: unknown): unknown {
  return value instanceof Deferred ? value.get() : value
}

function parameterOf(data: unknown, requiresGrad: unknown): Tensor | null {
  const tensor = resolved(data)
  if (tensor === null) return null
  if (!isTensor(tensor)) throw new FileError('the pickle is damaged: a parameter has no tensor')
  return new Parameter(tensor, requiresGrad === true && (tensor.isFloatingPoint() || tensor.isComplex()))
}

function numberOf(value: unknown): number {
  if (value instanceof WholeFloat) return value.value
  return typeof value === 'number' ? value : 0
}

function encoded(text: string, budget: Budget): Uint8Array {
  budget.charge(2 * text.length)
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

function charged(bytes: Uint8Array, budget: Budget): Uint8Array {
  budget.charge(bytes.length)
  return bytes
}

function bytesOfList(source: unknown, budget: Budget): Uint8Array {
  const items = itemsOf(source)
  budget.charge(16 * items.length)
  if (!items.every((item) => typeof item === 'number' && Number.isInteger(item) && item >= 0 && item < 256))
    throw new FileError('the pickle is damaged: bytes are made of what is no byte')
  return Uint8Array.from(items as number[])
}

function joined(parts: readonly unknown[], separator: string): string {
  return parts.map(shown).reduce((path, part) => (path === '' || path.endsWith(separator) ? path + part : path + separator + part), '')
}

/** The current name of a global that Python 2 or an older library named differently. */
function currentName(module: string, name: string): string {
  if (module === '__builtin__' && name === 'xrange') return 'builtins.range'
  const current = module.replace(/^__builtin__$/, 'builtins').replace(/^numpy\.core\./, 'numpy._core.')
  return current === 'torch.nn' && name === 'Parameter' ? 'torch.nn.parameter.Parameter' : `${current}.${name}`
}

export interface GlobalOptions {
  /** Whether objects of unknown classes are an error or are kept as data. */
  readonly unknownObjects: 'refuse' | 'keep'
}

/**
 * Resolves a global of a pickle.
 *
 * @throws FileError that names an unknown global.
 */
export function findGlobal(module: string, name: string, options: GlobalOptions): unknown {
  const current = currentName(module, name)
  const known = table.get(current)
  if (known !== undefined) return known
  const dtypeClass = /^numpy\.dtypes\.([A-Z][A-Za-z0-9]*)DType$/.exec(current)
  if (dtypeClass !== null) return numpyDtypeClass(current, dtypeClass[1]!)
  if (/^torch\.Q[A-Za-z0-9]+Storage$/.test(current)) throw new FileError(QUANTISED)
  if (options.unknownObjects === 'keep') return new PickleFunction(current, (args) => new PickledObject(current, args))
  throw new FileError(
    `it holds an object of '${current}', which is neither a tensor nor plain data; nothing of it was run. ` +
      'If it is a whole model or config, save model.state_dict() and plain values in Python; ' +
      "torch.load(path, { unknownObjects: 'keep' }) reads such objects as data",
  )
}

const numpyClasses = new Map([
  ['Float64', 'f8'],
  ['Float32', 'f4'],
  ['Float16', 'f2'],
  ['Int64', 'i8'],
  ['Int32', 'i4'],
  ['Int16', 'i2'],
  ['Int8', 'i1'],
  ['UInt8', 'u1'],
  ['Bool', 'b1'],
])

function numpyDtypeClass(name: string, type: string): PickleFunction {
  return new PickleFunction(name, () => numpyDtype([numpyClasses.get(type) ?? type]))
}
