import { expect, jest, test } from '@jest/globals'
import { runChild } from '../support/child'

// Children share two cores with other test files.
jest.setTimeout(180_000)

/** What the workers run: a small net trained on fixed data, for `steps` steps or for ever. */
const TRAINER = `
const { parentPort, workerData } = require('node:worker_threads')
const torch = require(workerData.dist + '/torch')
torch.setNumThreads(1)
const values = (count, scale) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898) * scale)
const w1 = torch.tensor(values(32 * 64, 0.2)).view([32, 64]).detach().requiresGrad_()
const w2 = torch.tensor(values(64, 0.2)).view([64, 1]).detach().requiresGrad_()
const x = torch.tensor(values(128 * 32, 1)).view([128, 32])
const y = x.sum([1], { keepdim: true }).tanh()
const optimizer = new torch.optim.Adam([w1, w2], { lr: 1e-2 })
let loss
w1.registerHook(() => undefined)
for (let step = 0; step < workerData.steps; step++) {
  loss = x.matmul(w1).relu().matmul(w2).sub(y).square().mean()
  optimizer.zeroGrad()
  loss.backward()
  optimizer.step()
  if (step === 2) parentPort.postMessage('started')
}
parentPort.postMessage({ loss: loss.item() })
`

const START = `
const { Worker } = require('node:worker_threads')
const { once } = require('node:events')
const start = (steps) => new Worker(${JSON.stringify(TRAINER)}, { eval: true, workerData: { dist, steps } })
const result = (worker) => new Promise((resolve, reject) => {
  worker.on('message', (message) => message.loss !== undefined && resolve(message.loss))
  worker.on('error', reject)
})
`

test('two workers train at once, and get what one gets', async () => {
  const { alone, both } = await runChild<{ alone: number; both: number[] }>(`${START}
    const alone = await result(start(300))
    const both = await Promise.all([result(start(300)), result(start(300))])
    report({ alone, both })
  `)
  expect(alone).toBeLessThan(0.05)
  expect(both).toEqual([alone, alone])
})

test('the process trains on after workers were terminated in the middle of a step', async () => {
  const { after, live } = await runChild<{ after: number; live: number }>(`${START}
    const x = torch.ones([4], { requiresGrad: true })
    for (let i = 0; i < 20; i++) {
      const worker = start(1e9)
      await once(worker, 'message')
      await new Promise((resolve) => setTimeout(resolve, i))
      await worker.terminate()
      x.mul(2).sum().backward()
    }
    gc()
    report({ after: await result(start(50)), live: torch.memoryStats().liveBytes / 2 ** 20 })
  `)
  expect(after).toBeGreaterThan(0)
  expect(live).toBeLessThan(50)
})

test('the shim loads again after the only workers that had loaded it are gone', async () => {
  const losses = await runChild<number[]>(
    `${START}
    const losses = []
    for (let i = 0; i < 3; i++) {
      const worker = start(20)
      losses.push(await result(worker))
      await worker.terminate()
    }
    losses.push(loadTorch().ones([2]).sum().item())
    losses.push(await result(start(20)))
    report(losses)
  `,
    { lazy: true },
  )
  expect(losses).toEqual([losses[0], losses[0], losses[0], 2, losses[0]])
})

test('a tensor goes to a worker without a copy, and once', async () => {
  const answer = await runChild<{ seen: number[]; changed: number[]; error: string; refused: string }>(`
    const { Worker } = require('node:worker_threads')
    const { once } = require('node:events')
    const x = torch.tensor([1, 2, 3])
    const token = x.share()
    let refused
    try { x.resize_([1000000]) } catch (caught) { refused = caught.message }
    const worker = new Worker(\`
      const { parentPort, workerData } = require('node:worker_threads')
      const torch = require(workerData.dist + '/torch')
      const x = torch.fromShared(workerData.token)
      const seen = x.tolist()
      x.mul_(10)
      let error
      try { torch.fromShared(workerData.token) } catch (caught) { error = caught.message }
      parentPort.postMessage({ seen, error })
    \`, { eval: true, workerData: { dist, token } })
    const [{ seen, error }] = await once(worker, 'message')
    await worker.terminate()
    report({ seen, error, refused, changed: x.tolist() })
  `)
  expect(answer.seen).toEqual([1, 2, 3])
  expect(answer.changed).toEqual([10, 20, 30])
  expect(answer.refused).toMatch(/shared with another thread cannot be resized, .*resize a clone/)
  expect(answer.error).toMatch(/each token of tensor.share\(\) serves once/)
})

test('an environment that ends with live tensors, hooks and generators ends cleanly', async () => {
  const done = await runChild<string>(`${START}
    const x = torch.ones([1000], { requiresGrad: true })
    x.registerHook((grad) => grad)
    globalThis.kept = [x, x.mul(2).sum(), new torch.Generator()]
    const worker = start(1e9)
    await once(worker, 'message')
    report('done')
    process.exit(0)
  `)
  expect(done).toBe('done')
})
