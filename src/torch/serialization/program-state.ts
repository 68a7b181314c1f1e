import { FileError } from '../../native'
import { noGrad } from '../autograd'
import { isTensor } from '../tensor/base'
import type { Device } from '../tensor/dtype'
import type { StateDict } from '../nn/module'
import { Deferred, PickledDict, PickledObject, shown } from '../archive/pickle-values'
import type { ZipReader } from '../archive/zip-reader'
import { findGlobal } from './globals'
import { readZip } from './load'

/** Maximum number of names; modules that share children have one for every path, which a small file can make exponentially many. */
const MAX_NAMES = 1_000_000
/** Maximum nesting of modules, because their names are collected recursively. */
const MAX_DEPTH = 500

/** What the code says of a class. */
interface ClassHead {
  readonly isModule: boolean
  readonly parameters: ReadonlySet<string>
  /** Names of attributes in order, and whether they are declared as Tensor: those that are no parameters are buffers then. */
  readonly attributes: ReadonlyMap<string, boolean>
  /** Whether code of the program makes the object from its saved state. */
  readonly hasSetState: boolean
}

/**
 * The weights of a TorchScript program under the names of its `state_dict()` in Python, read without running anything of it.
 *
 * @throws FileError for a damaged archive, and for a module whose state only its own code can restore.
 */
export function readProgramState(zip: ZipReader, device: (location: Device) => Device): StateDict {
  const heads = classHeads(zip)
  const root = readZip(zip, (module, name) => findGlobal(module, name, { unknownObjects: 'keep' }), device)
  const state: StateDict = {}
  let names = 0
  const open = new Set<PickledObject>()
  const visit = (module: PickledObject, prefix: string): void => {
    const head = heads.get(module.className)
    if (head?.isModule !== true) {
      if (prefix === '') throw new FileError(`the program is damaged: its code has no module ${module.className}`)
      return
    }
    const values = attributesOf(module, head)
    if (open.has(module) || open.size >= MAX_DEPTH)
      throw new FileError(`the program is damaged: its modules are nested more than ${MAX_DEPTH} deep`)
    open.add(module)
    if (++names > MAX_NAMES) throw new FileError(`the modules of the program have more than ${MAX_NAMES} paths`)
    const isParameter = (name: string) => head.parameters.has(name)
    const all = [...head.attributes.keys()]
    for (const name of [...all.filter(isParameter), ...all.filter((name) => !isParameter(name) && head.attributes.get(name) === true)]) {
      const value = values.get(name)
      const tensor = value instanceof Deferred ? value.get() : value
      if (!isTensor(tensor)) continue
      if (++names > MAX_NAMES) throw new FileError(`the modules of the program have more than ${MAX_NAMES} tensors`)
      Object.defineProperty(state, prefix + name, { value: tensor.detach(), enumerable: true, writable: true, configurable: true })
    }
    for (const [name, value] of values) if (value instanceof PickledObject) visit(value, `${prefix}${shown(name)}.`)
    open.delete(module)
  }
  if (!(root instanceof PickledObject)) throw new FileError('the program is damaged: its data.pkl holds no module')
  noGrad(() => visit(root, ''))
  return state
}

function attributesOf(module: PickledObject, head: ClassHead): ReadonlyMap<unknown, unknown> {
  if (head.hasSetState)
    throw new FileError(
      `code of the program restores the module ${module.className} (__setstate__), and it is not run: torch.jit.load(path) loads a program that you trust`,
    )
  if (!(module.state instanceof PickledDict))
    throw new FileError(`the program is damaged: its module ${module.className} has no attributes`)
  return module.state.entries
}

/** The heads of all classes in the code of a program by their qualified names, such as `__torch__.torchvision.models.resnet.ResNet`. */
function classHeads(zip: ZipReader): Map<string, ClassHead> {
  const folder = `${zip.prefix}code/`
  const heads = new Map<string, ClassHead>()
  for (const record of zip.entries.keys()) {
    if (!record.startsWith(folder) || !record.endsWith('.py')) continue
    const qualifier = record.slice(folder.length, -'.py'.length).replaceAll('/', '.')
    const code = Buffer.concat([...zip.chunks(record)]).toString('utf8')
    for (const [name, head] of headsIn(code)) heads.set(`${qualifier}.${name}`, head)
  }
  return heads
}

/** Reads lines as libtorch writes them: a class at the margin, its attributes and methods indented by two spaces. */
function* headsIn(code: string): IterableIterator<[name: string, head: ClassHead]> {
  let found: { name: string; isModule: boolean; parameters: Set<string>; attributes: Map<string, boolean>; hasSetState: boolean } | null =
    null
  for (const line of code.split('\n')) {
    if (line.startsWith(' ')) {
      if (found === null || line.startsWith('   ')) continue
      const attribute = /^ {2}(?:__annotations__\["([^"\\]{1,1000})"\] =|(\w{1,1000}) :) (Tensor$)?/.exec(line)
      if (attribute !== null) found.attributes.set((attribute[1] ?? attribute[2])!, attribute[3] !== undefined)
      else if (line.startsWith('  __parameters__ = [')) for (const [, name] of line.matchAll(/"([^"\\]*)"/g)) found.parameters.add(name!)
      else if (line.startsWith('  def __setstate__(')) found.hasSetState = true
    } else if (line !== '') {
      if (found !== null) yield [found.name, found]
      const opened = /^class (\w{1,1000})(\(Module\))?/.exec(line)
      found =
        opened === null
          ? null
          : { name: opened[1]!, isModule: opened[2] !== undefined, parameters: new Set(), attributes: new Map(), hasSetState: false }
    }
  }
  if (found !== null) yield [found.name, found]
}
