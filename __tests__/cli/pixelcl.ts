import { afterAll } from '@jest/globals'
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { builtPackage } from '../support/child'
import { makeTextures } from '../../src/vision/datasets'

/** A small backbone that comes with the package: children conv1, bn1, relu, layer1 to layer3, avgpool, fc. */
export const backbone = join(__dirname, '..', '..', 'models', 'small.pt')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface PixelclOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Called with standard error so far, whenever more of it has come. */
  readonly onStderr?: (text: string, child: ChildProcess) => void
  /** Put before the command, such as `ulimit -f 1`; run by sh. */
  readonly shell?: string
  readonly cwd?: string
}

/** The process that runs the commands which need none of their own. */
let resident: ChildProcess | undefined
let last: Promise<unknown> = Promise.resolve()

afterAll(() => void resident?.disconnect())

/** Runs the built command line: with options in a process of its own, else in one that serves the test file. */
export function pixelcl(args: readonly string[], options?: PixelclOptions): Promise<Ended> {
  if (options !== undefined) return inProcessOfItsOwn(args, options)
  const ended = last.then(() => inResident(args))
  last = ended.catch(() => undefined)
  return ended
}

async function inResident(args: readonly string[]): Promise<Ended> {
  resident ??= fork(join(__dirname, 'resident.cjs'), [builtPackage()], {
    env: { ...process.env, OMP_NUM_THREADS: '1' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const served = new AbortController()
  const { signal } = served
  resident.send(args)
  const [message] = (await Promise.race([once(resident, 'message', { signal }), once(resident, 'close', { signal })])) as unknown[]
  served.abort()
  if (typeof message === 'object' && message !== null) return message as Ended
  resident = undefined
  throw new Error(`pixelcl ${args.join(' ')}: the process ended (${String(message)})`)
}

function inProcessOfItsOwn(args: readonly string[], options: PixelclOptions): Promise<Ended> {
  const command = [process.execPath, join(builtPackage(), 'cli', 'main.js'), ...args]
  const [file, ...rest] = options.shell === undefined ? command : ['sh', '-c', `${options.shell}; exec "$@"`, 'sh', ...command]
  return new Promise((resolve, reject) => {
    const env = { ...process.env, OMP_NUM_THREADS: '1', ...options.env }
    const child = spawn(file!, rest, { env, cwd: options.cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString()
      options.onStderr?.(stderr, child)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** A folder of small images, half of them PNG and half JPEG. */
export async function images(folder: string, count = 12): Promise<string> {
  return (await makeTextures(folder, { train: count, heldOut: 1, size: 40 })).train
}

/** Sizes with which a run takes about a second. */
export const tiny = [
  '--image-size',
  '32',
  '--projection-size',
  '8',
  '--projection-hidden-size',
  '16',
  '--batch-size',
  '4',
  '--hidden-layer-pixel',
  'layer3',
]
