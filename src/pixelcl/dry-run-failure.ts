import { ArgumentError, jit, type nn } from '../torch'
import { option, worded } from '../common/wording'
import type { Backbone } from './backbone-input'

/** What libtorch says of layers that a map is too small for. */
const TOO_SMALL =
  /greater than actual input size|output size.*too small|Output size is too small|Padding size should be less|must be (at least|bigger)|Expected more than 1 (value|spatial element)|Kernel size can't be greater/i
/** Largest images tried to find the smallest that a backbone takes. */
const LARGEST = 1024
/** Sizes of networks that take images of one size only, the usual ones first. */
export const USUAL_SIDES = [224, 256, 384, 518, 299, 336, 448, 512, 192, 128, 96, 64, 32]

/** The side of square images, or height and width. */
export type ImageSize = number | readonly [number, number]

/** The error of a backbone whose dry run failed: names the layer, and where a map is too small for it the smallest images that are not. */
export function explainedFailure(
  net: Backbone,
  error: Error,
  { name, size, channels }: { readonly name: 'imageSize' | 'viewSize'; readonly size: ImageSize; readonly channels: number },
  run: (size: ImageSize) => unknown,
): ArgumentError {
  const sides = typeof size === 'number' ? ([size, size] as const) : size
  const inputs = `${name === 'imageSize' ? 'images' : 'views'} [2, ${channels}, ${sides.join(', ')}]`
  const asked = name === 'imageSize' ? option(name, sides[0]) : option(name)
  if (!TOO_SMALL.test(error.message)) {
    const taken = USUAL_SIDES.find((side) => sides.some((other) => other !== side) && succeeds(() => run(side)))
    const views = worded`${option('viewSize')} of ${taken ?? ''} × ${taken ?? ''}`
    const given = name === 'viewSize' ? views : worded`${option('imageSize', taken)}, and ${views} where views have a size of their own`
    const remedy = taken === undefined ? null : worded`. It takes images of ${taken} × ${taken}: give ${given}`
    return new ArgumentError(worded`the backbone failed on ${inputs}, which ${asked} asks for: ${reasonOf(error)}${remedy}`, {
      cause: error,
    })
  }
  const layer = net instanceof jit.ScriptModule ? layerInTrace(net, error.message) : failingLayer(net, () => run(size))
  const smallest = smallestSize(Math.min(...sides), run)
  const remedy =
    smallest === null
      ? worded`give a larger ${option(name)}`
      : worded`it takes images from ${smallest} pixels on: ${name === 'imageSize' ? option(name, smallest) : worded`${option(name)} of ${smallest} × ${smallest}`}`
  const reason = error.message.split('\n').find((line) => TOO_SMALL.test(line))!
  return new ArgumentError(
    worded`${inputs} are too small for the backbone${layer === null ? '' : ` at its layer '${layer}'`}: ${remedy} (${reason.replace(/^.*Error: /, '').trim()})`,
    { cause: error },
  )
}

/** What went wrong, without the trace of a TorchScript error. */
function reasonOf({ message }: Error): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '')
  const last = lines.findLastIndex((line) => /^\s*[\w.]*(Error|Exception): /.test(line))
  return last === -1 ? message : lines.slice(last).join(' ').trim()
}

/** The smallest size above `known` for which the backbone runs; null if none is found. */
function smallestSize(known: number, run: (size: number) => unknown): number | null {
  const runs = (size: number) => succeeds(() => run(size))
  let [low, high] = [known, known * 2]
  while (high <= LARGEST && !runs(high)) [low, high] = [high, high * 2]
  if (high > LARGEST) return null
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (runs(middle)) high = middle
    else low = middle
  }
  return high
}

function succeeds(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

/** The innermost module whose forward throws. */
function failingLayer(net: Backbone, run: () => unknown): string | null {
  const open: string[] = []
  const handles = [...net.namedModules()].flatMap(([name, module]) => [
    module.registerForwardPreHook(() => void open.push(name)),
    module.registerForwardHook(() => void open.pop()),
  ])
  try {
    run()
  } catch {
    // It failed before, too; what is open now is what threw.
  } finally {
    for (const handle of handles) handle.remove()
  }
  return open.at(-1) || null
}

/** The innermost module that the trace of a TorchScript error names, followed from the outermost. */
function layerInTrace(net: jit.ScriptModule, message: string): string | null {
  const lines = message.split('\n')
  let module: nn.AnyModule = net
  let path = ''
  lines.forEach((line, i) => {
    const start = line.search(/~~+/)
    const end = line.indexOf(' <--- HERE')
    if (start < 0 || i === 0) return
    const marked = lines[i - 1]!.slice(start, end < 0 ? undefined : end)
    const called = /^\(?(?:self\.)?([\w.]+?)\)?\.forward/.exec(marked)?.[1] ?? ''
    for (const name of called.split('.')) {
      const child = childCalled(module, name)
      if (child === null) return
      path = path === '' ? child[0] : `${path}.${child[0]}`
      module = child[1]
    }
  })
  return path || null
}

/** The child that a local name of the code stands for: its own name, perhaps with a suffix that tells it from other variables, or `_0` for a number. */
function childCalled(module: nn.AnyModule, local: string): [string, nn.AnyModule] | null {
  const children = new Map<string, nn.AnyModule>(module.namedChildren())
  for (const name of [local, local.replace(/^_(?=\d)/, ''), local.replace(/\d+$/, ''), local.replace(/_\d+$/, '')]) {
    const child = children.get(name)
    if (child !== undefined) return [name, child]
  }
  return null
}
