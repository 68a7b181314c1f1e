import { beforeAll, expect, test } from '@jest/globals'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import * as torch from '../../src/torch'
import { expectWith } from '../support/expect'
import { temporary } from '../support/files'
import { backbone, images, pixelcl, tiny } from './pixelcl'

let data: string
beforeAll(async () => {
  data = await images(temporary('images'))
})

const NOTICE = 'Stopping after this step, then saving. Once more quits at once.'
const long = (out: string, ...flags: string[]) => [
  'pretrain',
  '--backbone',
  backbone,
  '--data',
  data,
  '--out',
  out,
  '--steps',
  '100000',
  ...tiny,
  ...flags,
]

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s finishes the step, saves everything and ends with 130', async (signal) => {
  const out = temporary(signal)
  let sent = false
  const { code, stdout, stderr } = await pixelcl(long(out), {
    onStderr(text, child) {
      if (sent || !text.includes('step      1/100000')) return
      sent = true
      child.kill(signal)
    },
  })
  expectWith(code, stderr).toBe(130)
  expect(stderr).toContain(NOTICE)
  expect(stderr).toMatch(/^saved .*improved-resnet\.pt, as it is after step \d+; it is measured now, and a second Ctrl-C leaves that out$/m)
  expect(readdirSync(out).sort()).toEqual(['config.json', 'improved-resnet.pt', 'metrics.jsonl', 'report.html', 'result.json'])
  const steps = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n').length
  expect(stdout).toContain(`Stopped by ${signal} after step ${steps} of 100000.`)
  expect(
    torch.equal(
      torch.jit.load(join(out, 'improved-resnet.pt')).stateDict()['conv1.weight']!,
      torch.jit.load(backbone).stateDict()['conv1.weight']!,
    ),
  ).toBe(false)
})

test('a second Ctrl-C quits at once, in the middle of a long step', async () => {
  const out = temporary('twice')
  let [waiting, sent] = [false, false]
  // A step of this size takes many seconds.
  const { code, signal, stderr } = await pixelcl(long(out, '--batch-size', '3000'), {
    onStderr(text, child) {
      if (text.includes('before:') && !waiting) {
        waiting = true
        void whenThere(join(out, 'config.json')).then(() => child.kill('SIGINT'))
      }
      if (!text.includes(NOTICE) || sent) return
      sent = true
      child.kill('SIGINT')
    },
  })
  expectWith({ code, signal }, stderr).toEqual({ code: null, signal: 'SIGINT' })
  // The step that was under way did not end.
  expect(readFileSync(join(out, 'metrics.jsonl'), 'utf8')).toBe('')
  // What it left stands in the way of no other run.
  const next = await pixelcl(['pretrain', '--backbone', backbone, '--data', data, '--out', out, '--steps', '1', ...tiny])
  expectWith(next.code, next.stderr).toBe(0)
  expect(next.stderr).toContain(`${out} has the files of a run that ended before it saved anything: they are replaced`)
})

test('a second Ctrl-C while the backbone is measured keeps it', async () => {
  const out = temporary('measured')
  let sent = 0
  // At this size measuring takes a while.
  const { signal, stderr } = await pixelcl([...long(out, '--view-size', '32,32', '--input-size', '640,640')], {
    onStderr(text, child) {
      if (sent === 0 && text.includes('step      1/100000')) sent += Number(child.kill('SIGINT'))
      if (sent === 1 && text.includes('it is measured now')) sent += Number(child.kill('SIGINT'))
    },
  })
  expectWith(signal, stderr).toBe('SIGINT')
  expect(existsSync(join(out, 'result.json'))).toBe(false)
  expect(torch.jit.load(join(out, 'improved-resnet.pt')).originalName).toBe('SmallResNet')
})

test('a terminal that is closed, and takes its outputs along, costs no weights', async () => {
  const out = temporary('hung-up')
  const { code } = await pixelcl(long(out), {
    shell: `(while ! [ -s ${join(out, 'metrics.jsonl')} ]; do sleep 0.05; done; kill -HUP $$) >/dev/null 2>&1 & exec >/dev/full 2>/dev/full`,
  })
  expect(code).toBe(130)
  expect(readdirSync(out).sort()).toEqual(['config.json', 'improved-resnet.pt', 'metrics.jsonl', 'report.html', 'result.json'])
})

async function whenThere(file: string): Promise<void> {
  while (!existsSync(file)) await setTimeout(20)
  // Into the step.
  await setTimeout(500)
}

test('before the training begins Ctrl-C quits at once and leaves nothing', async () => {
  const out = temporary('early')
  let sent = false
  // At this size measuring takes a while.
  const { signal } = await pixelcl(long(out, '--image-size', '640'), {
    onStderr(text, child) {
      if (sent || !text.includes('TorchScript')) return
      sent = true
      child.kill('SIGINT')
    },
  })
  expect(signal).toBe('SIGINT')
  expect(() => readdirSync(out)).toThrow('ENOENT')
})
