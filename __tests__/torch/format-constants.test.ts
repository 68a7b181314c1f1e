import { describe, expect, test } from '@jest/globals'
import { camelCase } from '../../src/common/text'
import * as torch from '../../src/torch'
import { runPython } from '../support/python'

test('every layout and memory format has the names that Python gives it, and their value is its name', async () => {
  const { names } = await runPython<{ names: Record<string, string> }>(`
    kinds = (torch.layout, torch.memory_format)
    outputs = {'names': {n: str(v).split('.')[1] for n, v in vars(torch).items() if isinstance(v, kinds) and not n.startswith(('_', 'legacy'))}}
  `)
  const constants = torch as unknown as Readonly<Record<string, unknown>>
  expect(Object.keys(names).length).toBeGreaterThan(10)
  for (const [name, value] of Object.entries(names)) expect([name, constants[camelCase(name)]]).toEqual([name, camelCase(value)])
})

describe('a constant', () => {
  test('of a memory format is taken wherever one is', () => {
    const x = torch.zeros([1, 3, 2, 2])
    expect(x.float({ memoryFormat: torch.channelsLast }).stride()).toEqual([12, 1, 6, 3])
    expect(x.to({ memoryFormat: torch.channelsLast }).isContiguous(torch.channelsLast)).toBe(true)
    expect(torch.empty([1, 3, 2, 2, 2], { memoryFormat: torch.channelsLast3d }).isContiguous(torch.channelsLast3d)).toBe(true)
    expect(x.to({ memoryFormat: torch.channelsLast }).clone({ memoryFormat: torch.contiguousFormat }).isContiguous()).toBe(true)
    expect(x.contiguous(torch.channelsLast).clone({ memoryFormat: torch.preserveFormat }).isContiguous(torch.channelsLast)).toBe(true)
  })

  test('of a layout is taken wherever one is', () => {
    expect(torch.zeros([2], { layout: torch.sparseCoo }).layout).toBe(torch.sparseCoo)
    expect(torch.zeros([2], { layout: torch.strided }).layout).toBe('strided')
    expect(torch.zeros([2, 2]).toSparse({ layout: torch.sparseCsr }).layout).toBe(torch.sparseCsr)
  })

  test('has the one name as its type', () => {
    const format: 'channelsLast' = torch.channelsLast
    const options = { layout: torch.sparseCsc }
    const layout: 'sparseCsc' = options.layout
    // @ts-expect-error a memory format that does not exist
    const absent: unknown = torch.channelLast
    expect([format, layout, absent]).toEqual(['channelsLast', 'sparseCsc', undefined])
  })
})
