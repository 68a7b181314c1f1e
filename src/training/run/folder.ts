import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  statfsSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ArgumentError, FileError } from '../../torch'
import { temporaryPrefix, writeAll, writeAtomically, writeError } from '../../common/atomic'
import { option, worded, type Wording } from '../../common/wording'
import type { StepMetrics } from '../metrics'
import { LOCK, RunLock } from './lock'

/** The files of a run; nothing else in its folder is changed except `previous-run`. */
export const RUN_FILES = {
  config: 'config.json',
  metrics: 'metrics.jsonl',
  backbone: 'improved-resnet.pt',
  result: 'result.json',
  report: 'report.html',
} as const

/** The folder that keeps the files of a replaced run until the new run is complete. */
const PREVIOUS = 'previous-run'

/** The same folder while files are moved into it, and while they are deleted; either remains only if the process is killed. */
const MOVING = '.previous-run.moving'
const DELETING = '.previous-run.deleting'

export interface RunFolderOptions {
  /** Allows replacing an existing run. */
  overwrite: boolean
}

/** The folder of one run. */
export class RunFolder {
  private metrics: number | null
  private readonly lines: string[] = []
  private config = ''

  private constructor(
    readonly path: string,
    private readonly lock: RunLock,
  ) {
    this.metrics = explained(this.file(RUN_FILES.metrics), () => openSync(this.file(RUN_FILES.metrics), 'w'))
  }

  /**
   * Creates the folder, or moves an earlier run's files aside until `finish`.
   *
   * While `previous-run` is there, the files beside it are those of a run that did not finish, so they are removed and `previous-run` stays.
   *
   * @throws ArgumentError if the folder is not empty, unless `overwrite` is set or `isFree` says so, and if another run writes to it; FileError if it
   * cannot be written.
   */
  static open(path: string, options: RunFolderOptions): RunFolder {
    RunFolder.check(path, options)
    explained(path, () => mkdirSync(path, { recursive: true }))
    const lock = explained(path, () => RunLock.take(path))
    try {
      explained(path, () => putAside(path))
      for (const name of readdirSync(path).filter(isFileOfRun)) explained(join(path, name), () => rmSync(join(path, name)))
      return new RunFolder(path, lock)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  /** Every path that opening and finishing a run may replace or remove, existing or not. */
  static filesIn(path: string): string[] {
    return Object.values(RUN_FILES).flatMap((name) => [join(path, name), join(path, PREVIOUS, name)])
  }

  /** Whether a run can be written here without replacing anything: no folder, an empty one, or only a dry run or one without a result in it. */
  static isFree(path: string): boolean {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return true
    return readdirSync(path).every((name) => name === LOCK) || isDryRun(path) || RunFolder.isCutOff(path)
  }

  /** Whether a folder holds only what a run left that ended before it saved anything, by an error or at once by a second Ctrl-C. */
  static isCutOff(path: string): boolean {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return false
    const names = readdirSync(path)
    if (!names.includes(RUN_FILES.metrics) || !names.every((name) => name === LOCK || (isFileOfRun(name) && !isResult(name)))) return false
    // Metrics without a configuration are empty where a run made them; another program's files stay.
    if (!names.includes(RUN_FILES.config)) return statSync(join(path, RUN_FILES.metrics)).size === 0
    const config = configIn(path)
    return config !== null && 'recipe' in config && 'backbone' in config
  }

  /** Throws the errors that `open` would throw, without changing anything; `bytes` is the minimum that the run will write. */
  static check(path: string, { overwrite }: RunFolderOptions, bytes = 0): void {
    const nearest = nearestFolder(path)
    if (nearest === resolve(path)) explained(path, () => RunLock.check(path))
    if (nearest === resolve(path) && !overwrite && !explained(path, () => RunFolder.isFree(path))) {
      throw new ArgumentError(
        worded`the run's folder ${path} is not empty: name another with ${option('out')}, or replace the run in it with ${option('overwrite')}`,
      )
    }
    // Permissions are not enough: the file system may be read-only or unable to create folders.
    explained(path, () => rmdirSync(mkdtempSync(join(nearest, '.pixelcl-'))))
    const { bavail, bsize, blocks } = statfsSync(nearest)
    // A run with a result stays on disk until the new one is complete.
    const removed = nearest === resolve(path) ? readdirSync(path).filter((name) => isFileOfRun(name) && !isResult(name)) : []
    const left = removed.reduce((sum, name) => sum + statSync(join(path, name)).size, bavail * bsize)
    // File systems without a size, such as network ones, report 0 blocks.
    if (blocks > 0 && left < bytes) {
      throw new FileError(worded`${path} has ${megabytes(left)} left, but the run needs ${megabytes(bytes)}. ${MORE_SPACE}`)
    }
  }

  get name(): string {
    return basename(resolve(this.path))
  }

  /** Paths of the run's files. */
  files(): Record<keyof typeof RUN_FILES, string> {
    const { config, metrics, backbone, result, report } = RUN_FILES
    return {
      config: this.file(config),
      metrics: this.file(metrics),
      backbone: this.file(backbone),
      result: this.file(result),
      report: this.file(report),
    }
  }

  file(name: string): string {
    return join(this.path, name)
  }

  /** The folder that keeps the previous run's files until `finish`; null if there was none. */
  get previous(): string | null {
    return existsSync(this.file(join(PREVIOUS, RUN_FILES.backbone))) ? this.file(PREVIOUS) : null
  }

  /** Deletes the previous run, as this one is complete. */
  finish(): void {
    if (this.previous === null) return
    const folder = this.file(DELETING)
    explained(folder, () => {
      renameSync(this.file(PREVIOUS), folder)
      emptied(folder)
      // Files that the user added stay.
      if (existsSync(folder)) renameSync(folder, this.file(PREVIOUS))
    })
  }

  /** Adds a line to `metrics.jsonl`. */
  log(metrics: StepMetrics): void {
    const file = this.metrics
    if (file === null) return
    const line = `${JSON.stringify(metrics)}\n`
    this.lines.push(line)
    explained(this.file(RUN_FILES.metrics), () => writeAll(file, Buffer.from(line)))
  }

  /** Writes a file atomically. */
  write(name: string, content: string): void {
    if (name === RUN_FILES.config) this.config = content
    this.save(name, (path) => writeAtomically(path, (file) => writeAll(file, Buffer.from(content))))
  }

  /** Lets `save` write the file of this name; `save` must be atomic. */
  save(name: string, save: (path: string) => void): void {
    if (!existsSync(this.path)) this.makeAgain()
    explained(this.file(name), () => save(this.file(name)))
  }

  /** Recreates a folder that was removed during the run. */
  private makeAgain(): void {
    explained(this.path, () => mkdirSync(this.path, { recursive: true }))
    this.close()
    const file = explained(this.path, () => openSync(this.file(RUN_FILES.metrics), 'w'))
    this.metrics = file
    explained(this.file(RUN_FILES.metrics), () => writeAll(file, Buffer.from(this.lines.join(''))))
    if (this.config !== '') this.write(RUN_FILES.config, this.config)
  }

  close(): void {
    if (this.metrics !== null) closeSync(this.metrics)
    this.metrics = null
    this.lock.release()
  }
}

/** Whether a name is a run's file, or a temporary file that a killed run left behind. */
function isFileOfRun(name: string): boolean {
  return Object.values(RUN_FILES).some((file) => name === file || (name.startsWith(temporaryPrefix(file)) && name.endsWith('.tmp')))
}

/** Whether a name is a file that only a finished run has. */
function isResult(name: string): boolean {
  return name === RUN_FILES.backbone || name === RUN_FILES.result || name === RUN_FILES.report
}

/** Whether the folder holds only a dry run. */
function isDryRun(path: string): boolean {
  return readdirSync(path).every((name) => isFileOfRun(name) || name === LOCK) && configIn(path)?.['dryRun'] === true
}

/** The content of `config.json`; null if there is none. */
function configIn(path: string): Readonly<Record<string, unknown>> | null {
  try {
    const config = JSON.parse(readFileSync(join(path, RUN_FILES.config), 'utf8')) as unknown
    return typeof config === 'object' ? (config as Record<string, unknown> | null) : null
  } catch {
    return null
  }
}

/** Moves a run with a result to `previous-run`, and completes what a killed process began. */
function putAside(path: string): void {
  const [previous, moving, deleting] = [PREVIOUS, MOVING, DELETING].map((name) => join(path, name)) as [string, string, string]
  if (existsSync(deleting)) {
    emptied(deleting)
    if (existsSync(deleting) && !existsSync(previous)) renameSync(deleting, previous)
  }
  const isUnfinished = existsSync(join(previous, RUN_FILES.backbone))
  const hasResult = existsSync(join(path, RUN_FILES.backbone)) && !isDryRun(path)
  if (isUnfinished || (!hasResult && !existsSync(moving))) return
  mkdirSync(moving, { recursive: true })
  for (const name of Object.values(RUN_FILES)) {
    if (existsSync(join(path, name))) renameSync(join(path, name), join(moving, name))
  }
  // The user may have put files into the folder, which then stays and takes the run's.
  if (!existsSync(previous)) return renameSync(moving, previous)
  for (const name of readdirSync(moving)) renameSync(join(moving, name), join(previous, name))
  rmdirSync(moving)
}

/** Deletes a run's files from a folder, and the folder if nothing else is in it. */
function emptied(folder: string): void {
  for (const name of Object.values(RUN_FILES)) rmSync(join(folder, name), { force: true })
  if (readdirSync(folder).length === 0) rmdirSync(folder)
}

/** The folder itself, or its nearest existing parent. */
function nearestFolder(path: string): string {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if (!existsSync(folder)) continue
    if (statSync(folder).isDirectory()) return folder
    if (folder === resolve(path))
      throw new ArgumentError(worded`the run's folder ${path} is a file: name a folder that is new or empty with ${option('out')}`)
    throw new FileError(worded`cannot write ${path}: ${folder} is a file, no folder. ${ELSEWHERE}`)
  }
}

const ELSEWHERE = worded`Name a folder that you may write to with ${option('out')}`
const MORE_SPACE = worded`Free some space, or name a folder on another disk with ${option('out')}`

const remedies: Readonly<Record<string, string | Wording>> = {
  ENOSPC: MORE_SPACE,
  EDQUOT: MORE_SPACE,
  EFBIG: 'Raise the limit, or lift it with `ulimit -f unlimited`',
  EACCES: ELSEWHERE,
  EPERM: ELSEWHERE,
  EROFS: ELSEWHERE,
  ENOENT: ELSEWHERE,
  ENOTDIR: ELSEWHERE,
  EEXIST: ELSEWHERE,
}

/** Adds advice to the error of a failed write. */
function explained<T>(path: string, write: () => T): T {
  try {
    return write()
  } catch (error) {
    const failure = writeError(path, error)
    if (!(failure instanceof FileError)) throw failure
    const remedy = remedies[(failure.cause as NodeJS.ErrnoException | undefined)?.code ?? '']
    throw remedy === undefined ? failure : new FileError(worded`${failure.wording}. ${remedy}`, { cause: failure.cause })
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`
}
