import { describe, expect, test } from '@jest/globals'
import { inspect } from 'node:util'
import * as torch from '../../src/torch'
import { native } from '../../src/native'
import { runPython } from '../support/python'
import { temporary } from '../support/files'

/** A gradient that autograd makes without memory: torch's ZeroTensor. */
function zeros(): torch.Tensor {
  const x = torch.ones([2], { requiresGrad: true })
  x.sgn().sum().backward()
  return x.grad!
}

describe('zeros that autograd makes without memory', () => {
  test('are what is tested here', () => expect(native.hasMemory(zeros()._h)).toBe(false))

  test('are read in every form', () => {
    expect(zeros().toString()).toBe('tensor([0., 0.])')
    expect(inspect(zeros())).toMatch(/0\., 0\./)
    expect(zeros().tolist()).toEqual([0, 0])
    expect(zeros().toTypedArray()).toEqual(new Float32Array(2))
    expect(JSON.stringify(zeros())).toBe('[0,0]')
    expect(Number(zeros().sum())).toBe(0)
    expect(zeros().select(0, 1).item()).toBe(0)
    expect(zeros().view([2, 1]).tolist()).toEqual([[0], [0]])
    expect(zeros().to('float64').toTypedArray()).toEqual(new Float64Array(2))
    expect(torch.fromShared(zeros().share()).tolist()).toEqual([0, 0])
    expect(torch.tensor(zeros()).add_(1).tolist()).toEqual([1, 1])
    expect(torch.tensor([zeros().select(0, 0), zeros().select(0, 1)]).tolist()).toEqual([0, 0])
  })

  test('are written to files, which Python reads', async () => {
    const grad = zeros()
    torch.save({ grad, again: grad, part: grad.narrow(0, 1, 1) }, temporary('grad.pt'))
    torch.safetensors.save({ grad }, temporary('grad.safetensors'))
    const loaded = torch.load(temporary('grad.pt')) as Record<string, torch.Tensor>
    expect([loaded['grad']!.tolist(), loaded['again']!.tolist(), loaded['part']!.tolist()]).toEqual([[0, 0], [0, 0], [0]])
    expect(torch.safetensors.load(temporary('grad.safetensors'))['grad']!.tolist()).toEqual([0, 0])
    const { grad: python } = await runPython("outputs = torch.load(inputs['path'])", { path: temporary('grad.pt') })
    expect(python!.tolist()).toEqual([0, 0])
  })

  test('become the buffer and the parameter of a program', () => {
    const norm = new torch.nn.BatchNorm1d(2)
    norm.runningMean = zeros()
    norm.weight = new torch.nn.Parameter(zeros())
    norm.eval()
    torch.save(norm, temporary('norm.pt'))
    const output = torch.jit.load(temporary('norm.pt')).call(torch.ones([1, 2])) as torch.Tensor
    expect(output.tolist()).toEqual([[0, 0]])
  })

  test('have no memory to be enlarged', () => {
    expect(() => zeros().resize_([5])).toThrow(/resize_\(\): input: expected a tensor with memory but received zeros of autograd/)
    expect(() => zeros().resizeAs_(torch.ones([5]))).toThrow(/zeros of autograd/)
  })
})

test('views that are only marked as conjugated or negated are read as their values', () => {
  const x = torch.tensor([{ real: 1, imag: 2 }])
  expect(x.conj().toTypedArray()).toEqual(new Float32Array([1, -2]))
  expect(x.conj().imag.toTypedArray()).toEqual(new Float32Array([-2]))
  expect(x.conj().imag.tolist()).toEqual([-2])
  expect(x.conj().toString()).toBe('tensor([1.-2.j])')
})
