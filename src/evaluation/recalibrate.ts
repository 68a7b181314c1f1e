import * as torch from '../torch'
import type { Tensor } from '../torch'
import type { Backbone } from '../pixelcl'

interface Statistic {
  readonly buffer: Tensor
  readonly original: Tensor
  readonly sum: Tensor
}

/** Far larger than any batch statistic, yet small enough for float32 to resolve the difference. */
const FAR = 1e6

/**
 * A copy in eval mode whose batch norms hold the mean statistics of `batches` (normalised images, [N, 3, H, W]). A batch norm that the forward
 * never calls keeps its statistics.
 *
 * It works on any module, including TorchScript, because it only reads buffers that a forward in training mode updates: a running statistic that
 * was 0 before is `momentum` times the batch statistic afterwards.
 *
 * @param onBatch - Called after each batch with its number of images.
 */
export function recalibrated(net: Backbone, batches: readonly Tensor[], onBatch: (images: number) => void = () => undefined): Backbone {
  const copy = net.deepcopy().train()
  torch.noGrad(() => {
    const buffers = [...copy.namedBuffers()]
    const counters = buffers.filter(([name]) => name.endsWith('num_batches_tracked')).map(([, buffer]) => buffer)
    const statistics: Statistic[] = buffers
      .filter(([name]) => /running_(mean|var)$/.test(name))
      .map(([, buffer]) => ({ buffer, original: buffer.clone(), sum: torch.zerosLike(buffer, { dtype: 'float64' }) }))
    const run = (batch: Tensor, starts: readonly number[]) => {
      statistics.forEach(({ buffer }, i) => buffer.fill_(starts[i]!))
      // A batch norm without momentum averages over all batches so far; with a count of 0 it stores the batch statistics themselves.
      for (const counter of counters) counter.zero_()
      ;(copy as unknown as torch.nn.Module).call(batch)
    }
    const zeros = statistics.map(() => 0)
    for (const batch of batches) {
      run(batch, zeros)
      for (const { buffer, sum } of statistics) sum.add_(buffer)
      onBatch(batch.shape[0]!)
    }
    const last = batches.at(-1)
    if (last === undefined) return
    // A running statistic becomes m·s from 0, and (1 − m)·K + m·s from K; the momentum m follows from the difference.
    const fromZero = statistics.map(({ buffer }) => buffer.clone())
    const far = fromZero.map((values) => FAR * (1 + values.abs().max().item<number>()))
    run(last, far)
    statistics.forEach(({ buffer, original, sum }, i) => {
      const momentum = 1 - buffer.to('float64').sub(fromZero[i]!).mean().item<number>() / far[i]!
      buffer.copy_(momentum < 1e-5 ? original : sum.div(momentum * batches.length))
    })
  })
  return copy.eval()
}
