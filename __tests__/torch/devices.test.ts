import { afterEach, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { skipIf } from '../support/skip'

const threads = torch.getNumThreads()
afterEach(() => torch.setNumThreads(threads))

test('threads are set and read', () => {
  torch.setNumThreads(1)
  expect(torch.getNumThreads()).toBe(1)
  torch.setNumThreads(2)
  expect(torch.getNumThreads()).toBe(2)
  expect(() => torch.setNumThreads(0)).toThrow(/threads: expected a whole number from 1 to 4096 but received 0/)
  expect(() => torch.setNumThreads(1.5)).toThrow(torch.ArgumentError)
})

skipIf(torch.cuda.isAvailable(), 'libtorch sees a CUDA device').describe('without CUDA', () => {
  test('nothing is there, and asking is no error', () => {
    expect(torch.cuda.isAvailable()).toBe(false)
    expect(torch.cuda.deviceCount()).toBe(0)
    torch.cuda.emptyCache()
  })

  test('every way to a GPU says which libtorch is loaded and how to get one with CUDA', () => {
    const ways: (() => unknown)[] = [
      () => torch.zeros([2], { device: 'cuda' }),
      () => torch.tensor([1], { device: 'cuda:0' }),
      () => torch.full([1], 1, { device: 'cuda' }),
      () => torch.zerosLike(torch.ones([1]), { device: 'cuda' }),
      () => torch.ones([1]).newZeros([1], { device: 'cuda' }),
      () => torch.ones([1]).to('cuda:0'),
      () => torch.ones([1]).to({ device: 'cuda', dtype: 'float64' }),
      () => torch.ones([1]).cuda(),
      () => new torch.nn.Linear(2, 2).to('cuda'),
      () => new torch.Generator('cuda'),
      () => torch.defaultGenerator('cuda'),
      () => torch.cuda.synchronize(),
      () => torch.cuda.memoryAllocated(),
      () => torch.cuda.maxMemoryAllocated('cuda:0'),
      () => torch.cuda.resetPeakMemoryStats(),
      () => torch.ones([1]).pinMemory(),
    ]
    for (const way of ways) {
      expectWith(way, String(way)).toThrow(
        /CUDA is not available: libtorch \d+\.\d+\.\d+ is loaded from .*, and .*\nTo get one: .*pixelcl setup/,
      )
      expect(way).toThrow(torch.TorchError)
    }
    try {
      torch.zeros([2], { device: 'cuda' })
    } catch (error) {
      expect((error as torch.TorchError).code).toBe('CUDA_NOT_AVAILABLE')
      expect((error as torch.TorchError).schema).toMatch(/^aten::zeros/)
      // The call is not to blame.
      expect((error as torch.TorchError).message).not.toMatch(/aten::|called with/)
    }
  })
})

skipIf(!torch.cuda.isAvailable(), 'libtorch sees no CUDA device').describe('with CUDA', () => {
  test('tensors go there and back, and count', () => {
    const before = torch.cuda.memoryAllocated()
    const x = torch.ones([1024, 1024]).to('cuda:0')
    expect(x.device).toBe('cuda:0')
    expect(torch.cuda.memoryAllocated() - before).toBeGreaterThanOrEqual(4 * 2 ** 20)
    expect(x.to('cuda')).toBe(x)
    expect(x.matmul(x).cpu().index([0, 0]).item()).toBe(1024)
    x.dispose()
    torch.cuda.synchronize()
    expect(torch.cuda.maxMemoryAllocated()).toBeGreaterThan(before)
    torch.cuda.emptyCache()
  })

  test('gradients and hooks run', () => {
    const x = torch.ones([4], { device: 'cuda', requiresGrad: true })
    const seen: unknown[] = []
    x.registerHook((grad) => void seen.push(grad.tolist()))
    x.mul(3).sum().backward()
    expect(x.grad!.device).toBe('cuda:0')
    expect(seen).toEqual([[3, 3, 3, 3]])
  })

  test('seeds give what Python draws there', async () => {
    torch.manualSeed(4)
    const { x } = await runPython(`torch.manual_seed(4); outputs = {'x': torch.randn(100, device='cuda')}`)
    expect(torch.randn([100], { device: 'cuda' }).cpu()).toEqualTensor(x!)
  })

  test('indexing takes indices of either device', () => {
    const x = torch.arange(6, { device: 'cuda' }).view([2, 3])
    expect(x.index([[1, 0], torch.tensor([2n, 0n])]).tolist()).toEqual([5, 0])
    expect(x.index([x.gt(3)]).tolist()).toEqual([4, 5])
  })
})

test('a meta tensor knows its shape and has no values', () => {
  const x = torch.zeros([2, 3], { device: 'meta' })
  expect(x.matmul(torch.zeros([3, 4], { device: 'meta' })).shape).toEqual([2, 4])
  expect(() => x.tolist()).toThrow(/meta/i)
})
