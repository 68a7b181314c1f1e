export * from '../../generated/nn-functions'
export {
  affineGridGenerator,
  adaptiveAvgPool1d,
  avgPool1d,
  bilinear,
  celu_,
  channelShuffle,
  conv1d,
  conv2d,
  conv3d,
  convTbc,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  cosineSimilarity,
  hardshrink,
  nativeChannelShuffle,
  pairwiseDistance,
  pdist,
  pixelShuffle,
  pixelUnshuffle,
  prelu,
  relu_,
  rrelu_,
  selu_,
  sigmoid,
  tanh,
  threshold_,
} from '../../generated/functions'
// Explicit names win over the generated functions of the same name.
export { logSigmoid as logsigmoid } from '../../generated/nn-functions'
export {
  alphaDropout,
  celu,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  elu,
  featureAlphaDropout,
  gumbelSoftmax,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  logSoftmax,
  mish,
  relu,
  relu6,
  rrelu,
  selu,
  silu,
  softmax,
  softmin,
  softsign,
  tanhshrink,
  threshold,
} from '../../generated/declared/nn-functional'
export { multiHeadAttentionForward } from './attention'
export { embedding, embeddingBag, oneHot } from './embedding'
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  cosineEmbeddingLoss,
  crossEntropy,
  ctcLoss,
  gaussianNllLoss,
  hingeEmbeddingLoss,
  huberLoss,
  klDiv,
  l1Loss,
  linearCrossEntropy,
  marginRankingLoss,
  mseLoss,
  multiMarginLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  nllLoss,
  poissonNllLoss,
  smoothL1Loss,
  softMarginLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from './losses'
export { batchNorm, groupNorm, instanceNorm, layerNorm, localResponseNorm, normalize, rmsNorm } from './normalization'
export {
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  fractionalMaxPool2d,
  fractionalMaxPool3d,
  lpPool1d,
  lpPool2d,
  lpPool3d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
} from './pooling'
export { affineGrid, fold, gridSample, interpolate, pad, unfold } from './spatial'

export type * from './attention'
export type * from './embedding'
export type * from './losses'
export type * from './normalization'
export type * from './pooling'
export type * from './spatial'
export type { PerDimension, Reduction } from './support'
