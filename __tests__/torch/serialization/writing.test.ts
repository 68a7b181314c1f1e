import { describe, expect, test } from '@jest/globals'
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as torch from '../../../src/torch'
import { writeAtomically } from '../../../src/common/atomic'
import { runChild } from '../../support/child'
import { temporary } from '../../support/files'
import { runPython } from '../../support/python'

const writers: readonly (readonly [string, (path: string) => void])[] = [
  ['torch.save', (path) => torch.save({ w: torch.ones([3]) }, path)],
  ['safetensors.save', (path) => torch.safetensors.save({ w: torch.ones([3]) }, path)],
  ['torch.save of a module', (path) => torch.save(new torch.nn.Linear(2, 2), path)],
]

describe.each(writers)('%s', (_, write) => {
  test('says that the folder is missing', () => {
    expect(() => write(temporary('absent/w.pt'))).toThrow(/cannot write .*absent\/w\.pt: its folder does not exist/)
    expect(() => write(temporary('absent/w.pt'))).toThrow(torch.FileError)
  })

  test('says that the path is a folder', () => {
    mkdirSync(temporary('folder'), { recursive: true })
    expect(() => write(temporary('folder'))).toThrow(/cannot write .*folder: /)
  })

  test('leaves nothing but the file, which replaces the one before and keeps its mode', () => {
    const folder = temporary(`only-${writers.findIndex(([, other]) => other === write)}`)
    mkdirSync(folder)
    const path = join(folder, 'w.pt')
    writeFileSync(path, 'before')
    chmodSync(path, 0o640)
    write(path)
    expect(readdirSync(folder)).toEqual(['w.pt'])
    expect(readFileSync(path).length).toBeGreaterThan(50)
    expect(statSync(path).mode & 0o777).toBe(0o640)
  })

  test('writes through a symbolic link, and to a device as it is', () => {
    const folder = temporary(`links-${writers.findIndex(([, other]) => other === write)}`)
    mkdirSync(folder)
    writeFileSync(join(folder, 'target.pt'), 'before')
    symlinkSync('target.pt', join(folder, 'latest.pt'))
    write(join(folder, 'latest.pt'))
    expect(readdirSync(folder)).toEqual(['latest.pt', 'target.pt'])
    expect(lstatSync(join(folder, 'latest.pt')).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(folder, 'target.pt')).length).toBeGreaterThan(50)
    write('/dev/null')
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  test('wants a path', () => {
    expect(() => write(undefined as unknown as string)).toThrow(/path is missing/)
  })
})

test('a write that fails keeps the file that was there and leaves no other', () => {
  const folder = temporary('kept')
  mkdirSync(folder)
  const path = join(folder, 'w.pt')
  writeFileSync(path, 'before')
  expect(() => torch.save({ good: torch.ones([10]), bad: () => {} }, path)).toThrow(torch.ArgumentError)
  expect(() =>
    writeAtomically(path, () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'write' })
    }),
  ).toThrow(/cannot write .*w\.pt: the disk is full/)
  expect([readdirSync(folder), readFileSync(path, 'utf8')]).toEqual([['w.pt'], 'before'])
})

test('a disk that fills up in the middle is a FileError, for values and for TorchScript', async () => {
  // A limit on a file's size stands for a full disk: both fail in write().
  const path = temporary('limited.pt')
  const seen = await runChild<string[]>(
    `
    const { execFileSync } = require('node:child_process')
    process.on('SIGXFSZ', () => {})
    execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=100000'])
    const messages = []
    const large = new torch.nn.Linear(200, 200)
    for (const write of [() => torch.save(large.stateDict(), ${JSON.stringify(path)}), () => torch.save(large, ${JSON.stringify(path)}), () => torch.safetensors.save(large.stateDict(), ${JSON.stringify(path)})]) {
      try {
        write()
        messages.push('written')
      } catch (error) {
        messages.push(error.name + ': ' + error.message)
      }
    }
    report(messages)`,
  )
  expect(seen).toHaveLength(3)
  for (const message of seen) expect(message).toMatch(/^FileError: cannot write .*limited\.pt: /)
  expect(readdirSync(dirname(path)).filter((name) => name.includes('limited'))).toEqual([])
}, 180_000)

test('storages begin at multiples of 64 bytes, so that Python can map the file', async () => {
  const path = temporary('mapped.pt')
  torch.save({ a: torch.ones([3]), b: torch.ones([5], { dtype: 'float64' }) }, path)
  const code = `
    import zipfile
    state = torch.load(inputs['path'], weights_only=True, mmap=True)
    offsets = []
    with zipfile.ZipFile(inputs['path']) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            archive.fp.seek(info.header_offset + 26)
            name, extra = np.frombuffer(archive.fp.read(4), dtype='<u2')
            offsets.append(int(info.header_offset + 30 + name + extra) % 64)
    outputs = {'sum': float(state['a'].sum() + state['b'].sum()), 'offsets': offsets}`
  expect(await runPython(code, { path })).toEqual({ sum: 8, offsets: [0, 0, 0, 0, 0] })
})
