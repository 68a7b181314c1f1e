import { describe, expect, it } from '@jest/globals'
import { native } from '../../src/native'
import * as torch from '../../src/torch'
import { parseSchema } from '../../src/torch/call/schema'
import { expectWith } from '../support/expect'

const aten = torch.ops['aten']!
const x = torch.tensor([1, 2, 3])

describe('torch.ops', () => {
  it('reaches an overload by its name, and the one without a name as default', () => {
    expect(aten['add']!['Tensor']!(x, x, 3)).toBeAllclose([4, 8, 12])
    expect(aten['mul']!['Scalar']!(x, 2)).toBeAllclose([2, 4, 6])
    expect(aten['relu']!['default']!(x.neg())).toBeAllclose([0, 0, 0])
  })

  it('chooses the overload when only the operator is named', () => {
    expect(aten['add']!(x, x)).toBeAllclose([2, 4, 6])
    expect(aten['add']!(x, 1)).toBeAllclose([2, 3, 4])
    expect(aten['pow']!(2, x)).toBeAllclose([2, 4, 8])
  })

  it('takes named arguments, in camel case, and writes into out', () => {
    const out = torch.empty([3])
    expect(aten['add']!['Tensor']!(x, x, { alpha: 2 })).toBeAllclose([3, 6, 9])
    expect(aten['add']!['out']!(x, x, { out })).toBe(out)
    expect(out).toBeAllclose([2, 4, 6])
    expect(aten['add']!(x, 1, { out: torch.empty([3]) })).toBeAllclose([2, 3, 4])
  })

  it('gives back the tensor it wrote into', () => {
    const y = x.clone()
    expect(aten['add_']!['Tensor']!(y, x)).toBe(y)
    expect(aten['resize_']!(y, [2])).toBe(y)
  })

  it('reaches private operators and other namespaces', () => {
    expect(aten['_softmax']!(x, 0, false)).toBeAllclose(torch.softmax(x, 0).tolist() as number[])
    expect(torch.ops['inductor']!['_reinterpret_tensor']!(torch.ones([2, 3]), [3, 2], [2, 1])).toEqualTensor(torch.ones([3, 2]))
    expect(() => torch.ops['nothing']!['add']).toThrow(/has no operator nothing::add/)
  })

  it('names the overloads there are when one does not exist', () => {
    expect(() => aten['add']!['tensor']).toThrow(/no overload 'tensor'.*Tensor/)
    expect(() => aten['addd']).toThrow(/has no operator aten::addd/)
    expect(() => aten['add']!(x, 'two')).toThrow(/which no overload takes/)
  })

  it('has every aten operator of the loaded libtorch, and reads every schema', () => {
    const names = native.operatorNames().filter((name) => name.startsWith('aten::'))
    expect(names.length).toBeGreaterThan(3000)
    for (const name of names) {
      const dot = name.indexOf('.')
      const [operator, overload] = dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)]
      expectWith(typeof aten[operator.slice('aten::'.length)]![overload === '' ? 'default' : overload], name).toBe('function')
      const text = native.schema(operator, overload)!
      const signature = parseSchema(text)
      expectWith(signature.native, text).toBe(operator)
      expectWith(signature.overload, text).toBe(overload)
      for (const { name: parameter } of signature.parameters) expectWith(parameter, text).toMatch(/^[A-Za-z_]\w*$/)
    }
  })
})
