// Gives crafted and damaged files to every function that reads files, each file from its seed and number alone:
//   node program.mjs DIST FOLDER SEED FIRST CRAFTED FROM COUNT TRACE   reads files of a row and ends with a report, unless one ends the process
//   node program.mjs DIST FOLDER SEED FIRST CRAFTED FROM write PATH    writes one file of the row
// A row is `CRAFTED` crafted files, from number `FIRST` on, and then damaged files, from number `FIRST` on.
import { openSync, readFileSync, readdirSync, writeFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { recordsIn } from './archives.mjs'
import { crafted } from './craft.mjs'
import { mutated } from './mutate.mjs'

const [dist, folder, seed, first, craftedCount, from, count, trace] = process.argv.slice(2)
const corpus = readdirSync(join(folder, 'corpus'))
  .sort()
  .map((name) => ({ name, bytes: readFileSync(join(folder, 'corpus', name)) }))

/** The file at a place of the row. */
function fileAt(place) {
  const isCrafted = place < Number(craftedCount)
  const number = Number(first) + (isCrafted ? place : place - Number(craftedCount))
  return { number, isCrafted, ...(isCrafted ? crafted(Number(seed), number) : mutated(Number(seed), number, corpus)) }
}

if (count === 'write') {
  const { kind, bytes } = fileAt(Number(from))
  writeFileSync(trace, bytes)
  console.log(`report: ${JSON.stringify({ kind, size: bytes.length })}`)
  process.exit(0)
}

const require = createRequire(import.meta.url)
const torch = require(`${dist}/torch/index.js`)
const { models } = require(`${dist}/vision/index.js`)
const { PixelclError } = require(`${dist}/common/errors.js`)
const { native } = require(`${dist}/native/index.js`)
torch.setNumThreads(1)
process.removeAllListeners('warning')

const path = join(folder, `file-${process.pid}.pt`)
const copy = join(folder, `copy-${process.pid}.pt`)

/** What reads files: functions of the file's bytes, which is at `path`, too. */
const ENTRANCES = {
  load: (bytes) => torch.load(bytes),
  'load, keeping objects': (bytes) => torch.load(bytes, { unknownObjects: 'keep', wholeFloats: 'float' }),
  'load of a path': () => torch.load(path),
  loadStateDictFile: () => torch.loadStateDictFile(path, { say: () => {} }),
  'safetensors.load': (bytes) => torch.safetensors.load(bytes),
  'safetensors.metadata': (bytes) => torch.safetensors.metadata(bytes),
  'jit.load': (bytes) => useProgram(torch.jit.load(bytes)),
}

/** Everything that walks a program without running it. */
function useProgram(module) {
  const tensors = [...module.parameters(), ...module.buffers()]
  for (const method of module.methodNames()) {
    module.graph(method)
    module.graph(method, { inlined: true })
  }
  module.frozenBatchNorms()
  module.toString()
  module.stateDict()
  const layers = [...module.namedModules()].map(([name]) => name)
  module.taps(layers.slice(0, 4))
  for (const name of Object.getOwnPropertyNames(module)) collect(module[name], tensors)
  const twin = module.deepcopy()
  twin.save(copy)
  torch.jit.load(copy)
  return tensors
}

/** Adds the tensors within a value to a list. */
function collect(value, into, seen = new Set()) {
  const open = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null || seen.has(next) || seen.size > 10_000) continue
    seen.add(next)
    if (torch.isTensor(next)) into.push(next)
    else if (!ArrayBuffer.isView(next) && !(next instanceof torch.nn.Module)) for (const part of partsOf(next)) open.push(part)
  }
  return into
}

function* partsOf(value) {
  if (value instanceof Map) yield* value.keys()
  yield* value instanceof Map || value instanceof Set || Array.isArray(value) ? value.values() : Object.values(value)
}

/** The number of bytes outside the file's records that a tensor shows; 0 if there are none. */
function foreignBytes(tensor, available) {
  if (tensor.layout !== 'strided' || tensor.device !== 'cpu') return 0
  const [stored, shape, strides] = [native.storageSize(tensor._h), tensor.shape, tensor.stride()]
  const last = shape.reduce((at, size, i) => at + (size - 1) * strides[i], tensor.storageOffset())
  const end = shape.includes(0) ? 0 : (last + 1) * tensor.elementSize()
  return Math.max(0, end - stored, stored - available)
}

/** The size of the file, inflated. */
const sizeOf = (bytes) => Math.max(bytes.length, recordsIn(bytes))

const log = openSync(trace, 'w')
const outcomes = { files: 0, read: {}, refused: 0, classes: {}, raw: [], slowest: 0 }

for (let place = Number(from); place < Number(from) + Number(count); place++) {
  const { number, isCrafted, kind, bytes } = fileAt(place)
  writeFileSync(path, bytes)
  outcomes.files++
  const tell = (entrance, error) => outcomes.raw.push({ place, number, isCrafted, kind, entrance, error: error.slice(0, 800) })
  const visit = (entrance, read) => {
    writeSync(log, `${place} ${entrance}\n`.padEnd(100), 0)
    const start = process.cpuUsage()
    try {
      const tensors = collect(read(bytes), [])
      for (const tensor of tensors) {
        const foreign = foreignBytes(tensor, sizeOf(bytes))
        if (foreign > 0) tell(entrance, `gives ${foreign} bytes that are not of the file`)
      }
      outcomes.read[entrance] = (outcomes.read[entrance] ?? 0) + 1
      return true
    } catch (error) {
      outcomes.refused++
      const name = error?.constructor?.name ?? typeof error
      outcomes.classes[name] = (outcomes.classes[name] ?? 0) + 1
      if (!(error instanceof PixelclError)) tell(entrance, String(error?.stack ?? error))
      return false
    } finally {
      outcomes.slowest = Math.max(outcomes.slowest, process.cpuUsage(start).user / 1e6)
    }
  }
  for (const [entrance, read] of Object.entries(ENTRANCES)) {
    const isRead = visit(entrance, read)
    // A network takes long to make, and reads its weights by the same function.
    if (entrance === 'loadStateDictFile' && isRead && number % 8 === 0) visit('models.resnet18', () => models.resnet18({ weights: path }))
  }
}
writeSync(log, 'done\n'.padEnd(100), 0)
console.log(`report: ${JSON.stringify(outcomes)}`)
process.exit(0)
