import * as torch from '../../src/torch'
import { pixelCLOptions } from '../../src/pixelcl'
import { changesOf, measure, verdictOf, type Evaluation, type EvaluationSet } from '../../src/evaluation'
import { worded, option } from '../../src/common/wording'
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

let usual: [Evaluation, Evaluation] | undefined

function evaluations(set: EvaluationSet): [Evaluation, Evaluation] {
  torch.manualSeed(3)
  const [before, after] = [new Small(), new Small()]
  return [measure(before, 'body', set), measure(after, 'body', set)]
}

export function someReport(change: Partial<FinishedRun> = {}): FinishedRun {
  const set = change.set ?? someSet()
  const [before, after] = change.set === undefined ? (usual ??= evaluations(set)) : evaluations(set)
  const changes = changesOf(change.before ?? before, change.after ?? after)
  return {
    title: 'demo',
    config: { steps: 40, backbone: 'small.pt', overwrite: undefined },
    metrics: someMetrics(40),
    planned: 40,
    interrupted: null,
    set,
    before,
    after,
    changes,
    verdict: verdictOf(changes, { images: set.images.shape[0]!, trainedOn: set.trainedOn === true }),
    next: [worded`more steps: ${option('schedule.steps', 900)} (now 300)`],
    facts: {
      began: new Date('2026-03-01T14:05:59Z'),
      versions: { pixelcl: '0.1.0', libtorch: '2.13.0', node: 'v22.12.0' },
      machine: { cpu: 'Some <CPU>', cores: 4, threads: 2, memory: 8 * 2 ** 30, device: 'cpu' },
      backbone: { file: 'small.pt', kind: 'TorchScript', layer: 'body', parameters: 250_000 },
      images: { folder: 'photos', trained: 1200, heldOut: 10, skipped: 0 },
      epochs: 2.512,
      seconds: 65,
    },
    handOffs: [
      { title: 'torch', kind: 'Python', lines: ['import torch', "model = torch.jit.load('a<b.pt')"] },
      { title: 'a state dict', kind: 'on the command line', lines: ['npx pixelcl export'] },
    ],
    learner: pixelCLOptions.parse({ imageSize: 32, distance: 'bin', distanceThres: 1 }),
    ...change,
  }
}
