import { describe, expect, test } from '@jest/globals'
import * as torch from '../../src/torch'
import type { Tensor } from '../../src/torch'
import { PPM } from '../../src/pixelcl'
import { expectWith } from '../support/expect'
import { runPython } from '../support/python'
import { referenceLearner } from './reference'

describe('pixel propagation', () => {
  test.each([
    [0, 2],
    [1, 2],
    [1, 0.5],
    [2, 1],
    [2, 3.5],
  ] as const)("with %d layers and gamma %d is the published package's: output and all gradients", async (numLayers, gamma) => {
    torch.manualSeed(21)
    const ppm = new PPM({ chan: 5, numLayers, gamma }).double()
    const map = torch.randn([2, 5, 3, 4], { dtype: 'float64' })
    // A pixel without features has no direction: the small number in the cosine decides.
    map.index(['...', 1, 2]).fill_(0)
    const weights = torch.randn([2, 5, 3, 4], { dtype: 'float64' })
    const state = ppm.stateDict()
    const python = await runPython<{ output: Tensor; grads: Tensor[]; state: Record<string, Tensor> }>(
      `${referenceLearner}
ppm = package.PPM(chan=5, num_layers=inputs['layers'], gamma=inputs['gamma']).double()
ppm.load_state_dict(inputs['state'])
x = inputs['map'].requires_grad_()
output = ppm(x)
grads = torch.autograd.grad((output * inputs['weights']).sum(), [x, *ppm.parameters()])
outputs = {'output': output.detach(), 'grads': list(grads), 'state': dict(ppm.state_dict())}
`,
      { layers: numLayers, gamma: torch.float(gamma), state, map, weights },
    )
    map.requiresGrad = true
    const output = ppm.call(map)
    const grads = torch.autograd.grad(output.mul(weights).sum(), [map, ...ppm.parameters()])
    expect(output).toBeAllclose(python.output, { rtol: 1e-10, atol: 1e-12 })
    expect(grads).toHaveLength(python.grads.length)
    for (const [i, grad] of python.grads.entries()) {
      // At a cosine of zero a power below one has an endless slope: NaN there and here.
      expectWith(grads[i], `gradient ${i}`).toBeAllclose(grad, { rtol: 1e-8, atol: 1e-10 })
    }
    for (const [name, value] of Object.entries(python.state)) expectWith(ppm.stateDict()[name], name).toBeAllclose(value, { rtol: 1e-12 })
  })

  test('has one layer and gamma 2 by default, and accepts only 0, 1 or 2 layers', () => {
    const ppm = new PPM({ chan: 3 })
    expect(ppm.gamma).toBe(2)
    expect(Object.keys(ppm.stateDict())).toEqual(['transform_net.weight', 'transform_net.bias'])
    expect(() => new PPM({ chan: 3, numLayers: 3 as never })).toThrow(
      /PPM received wrong options:\n {2}numLayers: expected 0, 1 or 2 but received 3/,
    )
    expect(() => new PPM({ chan: 3, num_layers: 1 } as never)).toThrow(/unknown option 'num_layers' \(did you mean 'numLayers'\?\)/)
    expect(() => new PPM({} as never)).toThrow(/chan: expected a number but received undefined/)
    expect(() => new PPM({ chan: 3, gamma: -1 })).toThrow(/gamma: expected a number above 0/)
  })

  test('does not hold the similarities of all pixels in more than one matrix an image', () => {
    torch.resetPeakMemory()
    const ppm = new PPM({ chan: 64, numLayers: 0 })
    const map = torch.randn([4, 64, 28, 28])
    const before = torch.memoryStats().liveBytes
    torch.resetPeakMemory()
    torch.noGrad(() => ppm.call(map))
    const matrix = 4 * (28 * 28) ** 2 * 4
    // Cosines, their rectified and their raised form; the reference's broadcast would take 64 times as much.
    expect(torch.memoryStats().peakBytes - before).toBeLessThan(4 * matrix)
  })
})
