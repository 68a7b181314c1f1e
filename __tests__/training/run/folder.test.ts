import { describe, expect, test } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { RUN_FILES, RunFolder } from '../../../src/training/run/folder'
import { temporary } from '../../support/files'

let runs = 0

/** A folder with the four files of a run, of this content. */
function runWith(content: string): string {
  const path = temporary(`run-${runs++}`)
  mkdirSync(path)
  for (const name of Object.values(RUN_FILES)) writeFileSync(join(path, name), content)
  return path
}

function contentOf(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

const step = { step: 1, loss: 1, positivePairs: 2, lr: 0.1, imagesPerSecond: 3, seconds: 4 }

describe('the folder of a run', () => {
  test('is made with all folders above it, and gets its log line by line', () => {
    const run = RunFolder.open(temporary('a/b/run'), { overwrite: false })
    run.log(step)
    run.log({ ...step, step: 2 })
    run.close()
    run.log({ ...step, step: 3 })
    expect(readFileSync(run.file(RUN_FILES.metrics), 'utf8')).toBe(`${JSON.stringify(step)}\n${JSON.stringify({ ...step, step: 2 })}\n`)
    expect(run.name).toBe('run')
  })

  test('may be there when it is empty, and is refused when it is not', () => {
    mkdirSync(temporary('empty'))
    const run = RunFolder.open(temporary('empty'), { overwrite: false })
    run.write(RUN_FILES.backbone, 'weights')
    run.close()
    expect(() => RunFolder.open(temporary('empty'), { overwrite: false })).toThrow(
      'is not empty: name another with out, or replace the run in it with overwrite',
    )
  })

  test('is free where a run left it before it saved anything, and not where another program may have', () => {
    const config = '{"recipe":"dense","backbone":"small.pt"}'
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    const lock = JSON.stringify({ host: hostname(), process: pid })
    const cases: [free: boolean, files: Record<string, string>][] = [
      [true, { 'config.json': config, 'metrics.jsonl': '{"step":1}', '.pixelcl.lock': lock, '.improved-resnet.pt.12.x.tmp': 'half' }],
      [true, { 'metrics.jsonl': '', '.pixelcl.lock': lock }],
      [false, { 'config.json': config, 'metrics.jsonl': '', 'improved-resnet.pt': 'whole' }],
      [false, { 'config.json': config, 'metrics.jsonl': '', 'notes.txt': 'mine' }],
      [false, { 'config.json': config, 'metrics.jsonl': '', 'previous-run': '' }],
      [false, { 'config.json': '{"model":"bert"}', 'metrics.jsonl': '{"step":1}' }],
      [false, { 'config.json': 'null', 'metrics.jsonl': '' }],
      [false, { 'config.json': config }],
      [false, { 'metrics.jsonl': '{"step":1}' }],
    ]
    for (const [i, [free, files]] of cases.entries()) {
      const path = temporary(`left-${i}`)
      mkdirSync(path)
      for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
      expect([i, RunFolder.isCutOff(path)]).toEqual([i, free])
      if (!free) {
        expect(() => RunFolder.check(path, { overwrite: false })).toThrow('is not empty')
        continue
      }
      RunFolder.open(path, { overwrite: false }).close()
      expect(contentOf(path)).toEqual({ 'metrics.jsonl': '' })
    }
    expect(RunFolder.isCutOff(temporary('none'))).toBe(false)
  })

  test('checking leaves nothing', () => {
    mkdirSync(temporary('checked'))
    RunFolder.check(temporary('checked'), { overwrite: false })
    RunFolder.check(temporary('checked/new'), { overwrite: false })
    expect(readdirSync(temporary('checked'))).toEqual([])
  })

  test('overwriting removes the files of a run, and what a killed one left, alone', () => {
    const path = temporary('old')
    mkdirSync(path)
    const others = ['notes.txt', 'improved-resnet.pt.bak', '.hidden.tmp', 'my-config.json']
    for (const name of [...Object.values(RUN_FILES), '.report.html.12.x.tmp', ...others]) writeFileSync(join(path, name), '')
    const run = RunFolder.open(path, { overwrite: true })
    run.close()
    expect(readdirSync(path).sort()).toEqual([...others, RUN_FILES.metrics, 'previous-run'].sort())
    expect(readdirSync(run.previous!).sort()).toEqual(Object.values(RUN_FILES).sort())
    writeFileSync(join(run.previous!, 'notes.txt'), '')
    run.finish()
    expect(readdirSync(join(path, 'previous-run'))).toEqual(['notes.txt'])
    expect(run.previous).toBeNull()
  })

  test('a file is written whole or not at all, and the one before stays', () => {
    const run = RunFolder.open(temporary('whole'), { overwrite: false })
    run.write(RUN_FILES.config, 'first')
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' })
    const failing = () => {
      throw full
    }
    expect(() => run.save(RUN_FILES.config, failing)).toThrow(
      /cannot write .*config\.json: the disk is full\. Free some space, or name a folder on another disk with out/,
    )
    expect(readFileSync(run.file(RUN_FILES.config), 'utf8')).toBe('first')
    run.close()
  })

  test('a run that did not finish never takes the place of the finished one in previous-run', () => {
    const path = runWith('finished')
    RunFolder.open(path, { overwrite: true }).close()
    // Saved once, then killed.
    writeFileSync(join(path, RUN_FILES.backbone), 'unfinished')
    const run = RunFolder.open(path, { overwrite: true })
    expect(contentOf(run.previous!)).toEqual(Object.fromEntries(Object.values(RUN_FILES).map((name) => [name, 'finished'])))
    run.close()
  })

  test.each([0, 1, 2, 3, 4])('a process that is killed after moving %i files aside loses none of them', (moved) => {
    const path = runWith('finished')
    mkdirSync(join(path, '.previous-run.moving'))
    const names = Object.values(RUN_FILES)
    for (const name of names.slice(0, moved)) renameSync(join(path, name), join(path, '.previous-run.moving', name))
    const run = RunFolder.open(path, { overwrite: true })
    expect(contentOf(run.previous!)).toEqual(Object.fromEntries(names.map((name) => [name, 'finished'])))
    run.finish()
    run.close()
    expect(readdirSync(path)).toEqual([RUN_FILES.metrics])
  })

  test('a process that is killed while it deletes the previous run leaves the new one whole', () => {
    const path = runWith('new')
    mkdirSync(join(path, '.previous-run.deleting'))
    writeFileSync(join(path, '.previous-run.deleting', RUN_FILES.report), 'old')
    const run = RunFolder.open(path, { overwrite: true })
    expect(contentOf(run.previous!)).toEqual(Object.fromEntries(Object.values(RUN_FILES).map((name) => [name, 'new'])))
    expect(readdirSync(path)).not.toContain('.previous-run.deleting')
    run.close()
  })

  test('is written by one run at a time, whether of this process, of another or of another machine', () => {
    const path = runWith('finished')
    const run = RunFolder.open(path, { overwrite: true })
    expect(() => RunFolder.open(path, { overwrite: true })).toThrow(
      `another run (process ${process.pid} on ${hostname()}) writes to ${path}`,
    )
    expect(() => RunFolder.check(path, { overwrite: true })).toThrow('wait for it, or name another folder with out')
    run.close()
    for (const [host, id] of [
      [hostname(), process.ppid],
      ['elsewhere', 1],
    ] as const) {
      writeFileSync(join(path, '.pixelcl.lock'), JSON.stringify({ host, process: id }))
      expect(() => RunFolder.open(path, { overwrite: true })).toThrow(`another run (process ${id} on ${host})`)
    }
  })

  test('is free again when the process that wrote to it has ended', () => {
    const path = runWith('finished')
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    writeFileSync(join(path, '.pixelcl.lock'), JSON.stringify({ host: hostname(), process: pid }))
    RunFolder.open(path, { overwrite: true }).close()
    expect(readdirSync(path)).toEqual([RUN_FILES.metrics, 'previous-run'])
  })

  test('too little space is an error that says how much is needed', () => {
    expect(() => RunFolder.check(temporary('huge'), { overwrite: false }, 2 ** 60)).toThrow(
      /has [\d.]+ MB left, but the run needs 1099511627776\.0 MB/,
    )
  })
})
