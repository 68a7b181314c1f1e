import { nn } from '../../../src/torch'

/** A layer here and in Python, and the shape of what it is given. */
export interface Case {
  readonly make: () => nn.Module
  readonly python: string
  readonly shape: readonly number[]
}

const sequence = () =>
  new nn.Sequential(new nn.Conv2d(2, 3, 3), new nn.BatchNorm2d(3), new nn.ReLU({ inplace: true }), new nn.Flatten(), new nn.Linear(12, 4))

export const cases: Record<string, Case> = {
  Linear: { make: () => new nn.Linear(5, 3), python: 'nn.Linear(5, 3)', shape: [4, 5] },
  'Linear over more dimensions, without a bias': {
    make: () => new nn.Linear(5, 3, { bias: false }),
    python: 'nn.Linear(5, 3, bias=False)',
    shape: [2, 4, 5],
  },
  Conv2d: { make: () => new nn.Conv2d(3, 6, 3), python: 'nn.Conv2d(3, 6, 3)', shape: [2, 3, 7, 9] },
  'Conv2d with all of its options': {
    make: () => new nn.Conv2d(4, 6, [3, 2], { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2, bias: false }),
    python: 'nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2, bias=False)',
    shape: [2, 4, 8, 9],
  },
  "Conv2d with 'same' padding of an even kernel": {
    make: () => new nn.Conv2d(2, 3, [4, 3], { padding: 'same', dilation: [1, 2] }),
    python: "nn.Conv2d(2, 3, (4, 3), padding='same', dilation=(1, 2))",
    shape: [1, 2, 6, 7],
  },
  "Conv2d with 'valid' padding": {
    make: () => new nn.Conv2d(2, 3, 2, { padding: 'valid' }),
    python: "nn.Conv2d(2, 3, 2, padding='valid')",
    shape: [1, 2, 6, 7],
  },
  'Conv2d that reflects': {
    make: () => new nn.Conv2d(2, 3, 3, { padding: [2, 1], paddingMode: 'reflect' }),
    python: "nn.Conv2d(2, 3, 3, padding=(2, 1), padding_mode='reflect')",
    shape: [1, 2, 6, 7],
  },
  "Conv2d that wraps round, 'same', an even kernel": {
    make: () => new nn.Conv2d(2, 3, [2, 4], { padding: 'same', paddingMode: 'circular' }),
    python: "nn.Conv2d(2, 3, (2, 4), padding='same', padding_mode='circular')",
    shape: [1, 2, 6, 7],
  },
  'Conv2d that repeats its border': {
    make: () => new nn.Conv2d(2, 3, 3, { padding: 1, paddingMode: 'replicate', stride: 2 }),
    python: "nn.Conv2d(2, 3, 3, padding=1, padding_mode='replicate', stride=2)",
    shape: [2, 2, 6, 7],
  },
  'Conv2d of one image': { make: () => new nn.Conv2d(2, 3, 3), python: 'nn.Conv2d(2, 3, 3)', shape: [2, 6, 7] },
  BatchNorm1d: { make: () => new nn.BatchNorm1d(4), python: 'nn.BatchNorm1d(4)', shape: [6, 4] },
  'BatchNorm1d over lengths': {
    make: () => new nn.BatchNorm1d(4, { eps: 1e-3, momentum: 0.3 }),
    python: 'nn.BatchNorm1d(4, eps=1e-3, momentum=0.3)',
    shape: [2, 4, 5],
  },
  BatchNorm2d: { make: () => new nn.BatchNorm2d(3), python: 'nn.BatchNorm2d(3)', shape: [2, 3, 4, 5] },
  'BatchNorm2d with a cumulative average': {
    make: () => new nn.BatchNorm2d(3, { momentum: null }),
    python: 'nn.BatchNorm2d(3, momentum=None)',
    shape: [2, 3, 4, 5],
  },
  'BatchNorm2d without scale': {
    make: () => new nn.BatchNorm2d(3, { affine: false }),
    python: 'nn.BatchNorm2d(3, affine=False)',
    shape: [2, 3, 4, 5],
  },
  'BatchNorm2d without shift': {
    make: () => new nn.BatchNorm2d(3, { bias: false }),
    python: 'nn.BatchNorm2d(3, bias=False)',
    shape: [2, 3, 4, 5],
  },
  'BatchNorm2d without running statistics': {
    make: () => new nn.BatchNorm2d(3, { trackRunningStats: false }),
    python: 'nn.BatchNorm2d(3, track_running_stats=False)',
    shape: [2, 3, 4, 5],
  },
  'Linear by position': { make: () => new nn.Linear(5, 3, false), python: 'nn.Linear(5, 3, False)', shape: [4, 5] },
  'Conv2d by position': {
    make: () => new nn.Conv2d(4, 6, 3, 2, 1, 1, 2, false, 'reflect'),
    python: "nn.Conv2d(4, 6, 3, 2, 1, 1, 2, False, 'reflect')",
    shape: [2, 4, 8, 9],
  },
  'Conv2d by position and name': {
    make: () => new nn.Conv2d(3, 8, 3, 1, 1, { bias: false }),
    python: 'nn.Conv2d(3, 8, 3, 1, 1, bias=False)',
    shape: [2, 3, 5, 7],
  },
  'BatchNorm2d by position': {
    make: () => new nn.BatchNorm2d(4, 1e-3, 0.3, false, true),
    python: 'nn.BatchNorm2d(4, 1e-3, 0.3, False, True)',
    shape: [2, 4, 3, 5],
  },
  'BatchNorm1d with a cumulative average by position': {
    make: () => new nn.BatchNorm1d(4, 1e-3, null),
    python: 'nn.BatchNorm1d(4, 1e-3, None)',
    shape: [6, 4],
  },
  ReLU: { make: () => new nn.ReLU(), python: 'nn.ReLU()', shape: [3, 4] },
  MaxPool2d: { make: () => new nn.MaxPool2d(2), python: 'nn.MaxPool2d(2)', shape: [2, 3, 7, 9] },
  'MaxPool2d with all of its options': {
    make: () => new nn.MaxPool2d([3, 2], { stride: [2, 1], padding: [1, 0], dilation: [1, 2], ceilMode: true }),
    python: 'nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), ceil_mode=True)',
    shape: [2, 3, 8, 9],
  },
  'MaxPool2d by position': {
    make: () => new nn.MaxPool2d(3, 2, 1, 1, false, true),
    python: 'nn.MaxPool2d(3, 2, 1, 1, False, True)',
    shape: [2, 3, 8, 9],
  },
  'AvgPool2d by position': {
    make: () => new nn.AvgPool2d(3, 2, 1, true, false, 5),
    python: 'nn.AvgPool2d(3, 2, 1, True, False, 5)',
    shape: [2, 3, 8, 9],
  },
  AvgPool2d: { make: () => new nn.AvgPool2d(2), python: 'nn.AvgPool2d(2)', shape: [2, 3, 7, 9] },
  'AvgPool2d with all of its options': {
    make: () => new nn.AvgPool2d(3, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }),
    python: 'nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False)',
    shape: [2, 3, 8, 9],
  },
  'AvgPool2d with a divisor of its own': {
    make: () => new nn.AvgPool2d([2, 3], { divisorOverride: 5 }),
    python: 'nn.AvgPool2d((2, 3), divisor_override=5)',
    shape: [2, 3, 8, 9],
  },
  AdaptiveAvgPool2d: { make: () => new nn.AdaptiveAvgPool2d([1, 1]), python: 'nn.AdaptiveAvgPool2d((1, 1))', shape: [2, 3, 5, 7] },
  'AdaptiveAvgPool2d to uneven windows': {
    make: () => new nn.AdaptiveAvgPool2d(3),
    python: 'nn.AdaptiveAvgPool2d(3)',
    shape: [2, 3, 5, 7],
  },
  'AdaptiveAvgPool2d of one dimension': {
    make: () => new nn.AdaptiveAvgPool2d([null, 2]),
    python: 'nn.AdaptiveAvgPool2d((None, 2))',
    shape: [2, 3, 5, 7],
  },
  Flatten: { make: () => new nn.Flatten(), python: 'nn.Flatten()', shape: [2, 3, 4] },
  'Flatten of some dimensions': { make: () => new nn.Flatten(0, -2), python: 'nn.Flatten(0, -2)', shape: [2, 3, 4] },
  Dropout: { make: () => new nn.Dropout(0.3), python: 'nn.Dropout(0.3)', shape: [50] },
  'Dropout of everything': { make: () => new nn.Dropout(1), python: 'nn.Dropout(1.0)', shape: [5] },
  'Dropout by name': { make: () => new nn.Dropout({ p: 0.3 }), python: 'nn.Dropout(p=0.3)', shape: [50] },
  'Dropout by position': { make: () => new nn.Dropout(0.5, true), python: 'nn.Dropout(0.5, True)', shape: [50] },
  'ReLU by position': { make: () => new nn.ReLU(true), python: 'nn.ReLU(True)', shape: [3, 4] },
  'Flatten by name': { make: () => new nn.Flatten({ startDim: 0 }), python: 'nn.Flatten(start_dim=0)', shape: [2, 3, 4] },
  Identity: { make: () => new nn.Identity(), python: 'nn.Identity()', shape: [2, 3] },
  Sequential: {
    make: sequence,
    python: 'nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(12, 4))',
    shape: [3, 2, 4, 4],
  },
  'Sequential with names': {
    make: () => new nn.Sequential({ first: new nn.Linear(3, 4), drop: new nn.Dropout(), last: new nn.Sequential(new nn.Linear(4, 2)) }),
    python: "nn.Sequential(OrderedDict([('first', nn.Linear(3, 4)), ('drop', nn.Dropout()), ('last', nn.Sequential(nn.Linear(4, 2)))]))",
    shape: [3, 3],
  },
}
