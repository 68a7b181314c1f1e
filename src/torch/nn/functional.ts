export * from '../generated/nn-functions'
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
} from '../generated/functions'
// Explicit names win over the generated functions of the same name.
export {
  celu,
  elu,
  gumbelSoftmax,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  logSoftmax,
  logsigmoid,
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
} from './functions/activation'
export { multiHeadAttentionForward } from './functions/attention'
export { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, featureAlphaDropout } from './functions/dropout'
export { embedding, embeddingBag, oneHot } from './functions/embedding'
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
} from './functions/losses'
export { batchNorm, groupNorm, instanceNorm, layerNorm, localResponseNorm, normalize, rmsNorm } from './functions/normalization'
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
} from './functions/pooling'
export { affineGrid, fold, gridSample, interpolate, pad, unfold } from './functions/spatial'

export type * from './functions/activation'
export type * from './functions/attention'
export type * from './functions/dropout'
export type * from './functions/embedding'
export type * from './functions/losses'
export type * from './functions/normalization'
export type * from './functions/pooling'
export type * from './functions/spatial'
export type { PerDimension, Reduction } from './functions/support'
