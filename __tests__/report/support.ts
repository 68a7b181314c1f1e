import * as torch from '../../src/torch'
import { pixelCLOptions } from '../../src/pixelcl'
import { measure } from '../../src/evaluation'
import type { FinishedRun, StepMetrics } from '../../src/training'
import { someSet } from '../evaluation/support'
import { Small } from '../pixelcl/small'

export function someMetrics(count: number): StepMetrics[] {
  return Array.from({ length: count }, (_, i) => ({
    step: i + 1,
    loss: 2 + Math.cos(i),
    positivePairs: 1000 + i,
    lr: 1e-3,
    imagesPerSecond: 50,
    seconds: (i + 1) / 4,
  }))
}

export function someReport(change: Partial<FinishedRun> = {}): FinishedRun {
  const set = change.set ?? someSet()
  torch.manualSeed(3)
  const [before, after] = [new Small(), new Small()].map((net) => measure(net, 'body', set))
  return {
    title: 'demo',
    config: { steps: 40, backbone: 'small.pt', overwrite: undefined },
    metrics: someMetrics(40),
    set,
    before: before!,
    after: after!,
    learner: pixelCLOptions.parse({ imageSize: 32, distance: 'bin', distanceThres: 1 }),
    ...change,
  }
}
