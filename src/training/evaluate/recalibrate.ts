import * as torch from '../../torch'
import type { Tensor } from '../../torch'
import type { Backbone } from '../../pixelcl/encoder'

interface Statistic {
  readonly buffer: Tensor
  readonly sum: Tensor
}

/**
 * A copy in eval mode whose batch norms hold the mean statistics of `batches` (normalised images, [N, 3, H, W]).
 *
 * It works on any module, TorchScript included, for it only reads what a forward in training mode writes: a running statistic set to 0 before
 * holds afterwards `momentum` times the batch's.
 */
export function recalibrated(net: Backbone, batches: readonly Tensor[]): Backbone {
  const copy = net.deepcopy().train()
  torch.noGrad(() => {
    const buffers = [...copy.namedBuffers()]
    const counters = buffers.filter(([name]) => name.endsWith('num_batches_tracked')).map(([, buffer]) => buffer)
    const statistics: Statistic[] = buffers
      .filter(([name]) => /running_(mean|var)$/.test(name))
      .map(([, buffer]) => ({ buffer, sum: torch.zerosLike(buffer, { dtype: 'float64' }) }))
    const run = (batch: Tensor, start: number) => {
      for (const { buffer } of statistics) buffer.fill_(start)
      // A batch norm without momentum averages over all batches so far; with a count of 0 it takes the batch's statistics whole.
      for (const counter of counters) counter.zero_()
      ;(copy as unknown as torch.nn.Module).call(batch)
    }
    for (const batch of batches) {
      run(batch, 0)
      for (const { buffer, sum } of statistics) sum.add_(buffer)
    }
    const last = batches.at(-1)
    if (last === undefined) return
    // From 0 a running statistic becomes m·s and from 1 it becomes (1 − m) + m·s: the difference tells the momentum m.
    const fromZero = statistics.map(({ buffer }) => buffer.clone())
    run(last, 1)
    statistics.forEach(({ buffer, sum }, i) => {
      const momentum = 1 - buffer.sub(fromZero[i]!).mean().item()
      buffer.copy_(sum.div(momentum * batches.length))
    })
  })
  return copy.eval()
}
