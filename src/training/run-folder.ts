import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ArgumentError, FileError } from '../torch'

/** One line of `metrics.jsonl`. */
export interface StepMetrics {
  readonly step: number
  readonly loss: number
  readonly positivePairs: number
  readonly lr: number
  readonly imagesPerSecond: number
  /** Since the first step began. */
  readonly seconds: number
}

/** The files of a run; nothing else in its folder is ever touched. */
export const RUN_FILES = { config: 'config.json', metrics: 'metrics.jsonl', backbone: 'improved-resnet.pt', report: 'report.html' } as const

/** A folder that holds one run. */
export class RunFolder {
  private metrics: number | null = null

  private constructor(readonly path: string) {}

  /**
   * Makes the folder, or empties it of an earlier run's files.
   *
   * @throws ArgumentError for one that is not empty, unless `overwrite`; FileError for one that cannot be written.
   */
  static open(path: string, options: { overwrite: boolean }): RunFolder {
    RunFolder.check(path, options)
    const folder = new RunFolder(path)
    explain(path, () => mkdirSync(path, { recursive: true }))
    for (const name of Object.values(RUN_FILES)) explain(folder.file(name), () => rmSync(folder.file(name), { force: true }))
    folder.metrics = explain(folder.file(RUN_FILES.metrics), () => openSync(folder.file(RUN_FILES.metrics), 'w'))
    return folder
  }

  /** Refuses what `open` would refuse, and changes nothing. */
  static check(path: string, { overwrite }: { overwrite: boolean }): void {
    if (!existsSync(path)) return
    if (!statSync(path).isDirectory()) throw new ArgumentError(`the run's folder ${path} is a file; name a folder that is new or empty`)
    const entries = explain(path, () => readdirSync(path))
    if (entries.length > 0 && !overwrite) throw new ArgumentError(`the run's folder ${path} is not empty; name another, or pass --overwrite to replace the run in it`)
  }

  file(name: string): string {
    return join(this.path, name)
  }

  /** Adds a line to `metrics.jsonl`. */
  log(metrics: StepMetrics): void {
    const file = this.metrics
    if (file !== null) explain(this.file(RUN_FILES.metrics), () => writeSync(file, `${JSON.stringify(metrics)}\n`))
  }

  /** Writes a file whole or not at all. */
  write(name: string, content: string): void {
    this.replace(name, (path) => {
      const file = openSync(path, 'w')
      try {
        const bytes = Buffer.from(content)
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
    })
  }

  /** Lets `save` write a file beside the one of this name, and puts it in its place once it is whole. */
  replace(name: string, save: (path: string) => void): void {
    const path = this.file(name)
    const part = `${path}.part`
    try {
      explain(path, () => {
        save(part)
        renameSync(part, path)
      })
    } finally {
      rmSync(part, { force: true })
    }
  }

  close(): void {
    if (this.metrics !== null) closeSync(this.metrics)
    this.metrics = null
  }
}

/** Says of a failed write what to do about it. */
function explain<T>(path: string, write: () => T): T {
  try {
    return write()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const full = code === 'ENOSPC' || code === 'EDQUOT' || /No space left|ENOSPC/.test(message)
    if (full) throw new FileError(`${path} cannot be written: the disk is full. Free some space, or name a folder on another disk with --out`)
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
      throw new FileError(`${path} cannot be written: permission denied (${code}). Name a folder that you may write to with --out`)
    }
    if (code === 'ENOTDIR' || code === 'EEXIST') throw new FileError(`${path} cannot be written: a part of its path is a file, not a folder`)
    throw error
  }
}
