import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'

test('one seed gives the numbers that Python draws', async () => {
  const python = await runPython(`
    def draw():
        return {
            'rand': torch.rand(5), 'randn': torch.randn(3, 7), 'large': torch.randn(100), 'double': torch.rand(4, dtype=torch.float64),
            'randint': torch.randint(-5, 100, (6,)), 'randperm': torch.randperm(9), 'bernoulli': torch.bernoulli(torch.full((8,), 0.3)),
            'normal': torch.empty(4).normal_(2, 3), 'uniform': torch.empty(4).uniform_(-1, 1), 'multinomial': torch.multinomial(torch.tensor([0.1, 0.6, 0.3]), 4, True),
            'dropout': torch.nn.functional.dropout(torch.ones(10), 0.5), 'exponential': torch.empty(3).exponential_(), 'half': torch.rand(3, dtype=torch.float16),
        }
    torch.manual_seed(42)
    outputs = draw()
  `)
  torch.manualSeed(42)
  const ours: Record<string, torch.Tensor> = {
    rand: torch.rand([5]),
    randn: torch.randn([3, 7]),
    large: torch.randn([100]),
    double: torch.rand([4], { dtype: 'float64' }),
    randint: torch.randint(-5, 100, [6]),
    randperm: torch.randperm(9),
    bernoulli: torch.bernoulli(torch.full([8], 0.3)),
    normal: torch.empty([4]).normal_(2, 3),
    uniform: torch.empty([4]).uniform_(-1, 1),
    multinomial: torch.multinomial(torch.tensor([0.1, 0.6, 0.3]), 4, true),
    dropout: torch.nn.functional.dropout(torch.ones([10]), 0.5),
    exponential: torch.empty([3]).exponential_(),
    half: torch.rand([3], { dtype: 'float16' }),
  }
  for (const [name, tensor] of Object.entries(ours)) expect({ [name]: tensor.toString() }).toEqual({ [name]: python[name]!.toString() })
  for (const [name, tensor] of Object.entries(ours)) expectWith(tensor, name).toEqualTensor(python[name]!)
})

describe('generators', () => {
  test('draw on their own, and as Python', async () => {
    const python = await runPython(`
      g = torch.Generator().manual_seed(7)
      first = torch.rand(3, generator=g)
      outputs = {'first': first, 'second': torch.randn(20, generator=g), 'state': g.get_state(), 'third': torch.randperm(5, generator=g)}
    `)
    torch.manualSeed(1)
    const expected = torch.rand([2])
    torch.manualSeed(1)
    const generator = new torch.Generator().manualSeed(7)
    expect(torch.rand([3], { generator })).toEqualTensor(python.first!)
    expect(torch.randn([20], { generator })).toEqualTensor(python.second!)
    expect(generator.getState()).toEqualTensor(python.state!)
    expect(torch.randperm(5, { generator })).toEqualTensor(python.third!)
    expect(torch.rand([2])).toEqualTensor(expected)
    expect(generator.device).toBe('cpu')
    expect(generator.initialSeed()).toBe(7n)
  })

  test("take a state back, also Python's", async () => {
    const generator = new torch.Generator()
    const state = generator.getState()
    const first = torch.randn([5], { generator })
    generator.setState(state)
    expect(torch.randn([5], { generator })).toEqualTensor(first)
    const python = await runPython(`
      g = torch.Generator().manual_seed(3)
      torch.rand(5, generator=g)
      state = g.get_state()
      outputs = {'state': state, 'next': torch.rand(3, generator=g)}
    `)
    generator.setState(python.state!)
    expect(torch.rand([3], { generator })).toEqualTensor(python.next!)
    expect(() => generator.setState(torch.zeros([3]))).toThrow(torch.TorchError)
    expect(() => generator.setState(torch.zeros([3], { dtype: 'uint8' }))).toThrow(torch.TorchError)
  })

  test('seed themselves when asked', () => {
    const generator = new torch.Generator()
    const seed = generator.seed()
    expect(generator.initialSeed()).toBe(seed)
    const drawn = torch.rand([2], { generator })
    expect(torch.rand([2], { generator: generator.manualSeed(seed) })).toEqualTensor(drawn)
  })
})

test('the default state is saved and restored, and the seed is known', async () => {
  torch.manualSeed(2n ** 63n + 5n)
  expect(torch.initialSeed()).toBe(2n ** 63n + 5n)
  expect(torch.manualSeed(9).initialSeed()).toBe(9n)
  const state = torch.getRngState()
  const first = torch.rand([3])
  torch.setRngState(state)
  expect(torch.rand([3])).toEqualTensor(first)
  const python = await runPython(`
    torch.manual_seed(-3)
    outputs = {'x': torch.rand(2), 'seed': torch.initial_seed()}
  `)
  torch.manualSeed(-3)
  expect(torch.rand([2])).toEqualTensor(python.x!)
  expect(torch.initialSeed()).toBe(python.seed as unknown as bigint)
})

test('a seed that is no whole number, or no 64 bits wide, is refused', () => {
  expect(() => torch.manualSeed(1.5)).toThrow(/manualSeed\(\): seed: expected a whole number but received 1.5/)
  expect(() => torch.manualSeed(NaN)).toThrow(/whole number/)
  expect(() => torch.manualSeed(2n ** 64n)).toThrow(/64 bits/)
  expect(() => torch.manualSeed('1' as never)).toThrow(/whole number/)
  expect(() => new torch.Generator('cuda')).toThrow(/CUDA is not available/)
  // @ts-expect-error a text that names no device
  expect(() => new torch.Generator('nowhere')).toThrow(/'nowhere'/)
})
