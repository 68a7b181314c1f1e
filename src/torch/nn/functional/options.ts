import type { Int } from '../../tensor/dtype'
import type * as named from '../../generated/declared/nn-functional-signatures'

// What functions take by name behind their required arguments.
export type InplaceOptions = Omit<named.ReluNamed, 'input'>
export type AlphaOptions = Omit<named.EluNamed, 'input'>
export type LeakyReluOptions = Omit<named.LeakyReluNamed, 'input'>
export type HardtanhOptions = Omit<named.HardtanhNamed, 'input'>
export type RreluOptions = Omit<named.RreluNamed, 'input'>
export type SoftmaxOptions = Omit<named.SoftmaxNamed, 'input'>
export type GumbelSoftmaxOptions = Omit<named.GumbelSoftmaxNamed, 'logits'>
export type DropoutOptions = Omit<named.DropoutNamed, 'input'>
export type SmoothL1Options = Omit<named.SmoothL1LossNamed, 'input' | 'target'>
export type HuberOptions = Omit<named.HuberLossNamed, 'input' | 'target'>
export type NllOptions = Omit<named.NllLossNamed, 'input' | 'target'>
export type CrossEntropyOptions = Omit<named.CrossEntropyNamed, 'input' | 'target'>
export type LinearCrossEntropyOptions = Omit<named.LinearCrossEntropyNamed, 'input' | 'linearWeight' | 'target'>
export type BinaryCrossEntropyWithLogitsOptions = Omit<named.BinaryCrossEntropyWithLogitsNamed, 'input' | 'target'>
export type KlDivOptions = Omit<named.KlDivNamed, 'input' | 'target'>
export type PoissonNllOptions = Omit<named.PoissonNllLossNamed, 'input' | 'target'>
export type GaussianNllOptions = Omit<named.GaussianNllLossNamed, 'input' | 'target' | 'variance'>
export type CtcOptions = Omit<named.CtcLossNamed, 'logProbs' | 'targets' | 'inputLengths' | 'targetLengths'>
export type MarginOptions = Omit<named.HingeEmbeddingLossNamed, 'input' | 'target'>
export type MultiMarginOptions = Omit<named.MultiMarginLossNamed, 'input' | 'target'>
export type TripletMarginOptions = Omit<named.TripletMarginLossNamed, 'anchor' | 'positive' | 'negative'>
export type TripletMarginWithDistanceOptions = Omit<named.TripletMarginWithDistanceLossNamed, 'anchor' | 'positive' | 'negative'>
export type ReductionOptions = Omit<named.SoftMarginLossNamed, 'input' | 'target'>
export type WeightedOptions = Omit<named.BinaryCrossEntropyNamed, 'input' | 'target'>
export type AffineOptions = Omit<named.LayerNormNamed, 'input' | 'normalizedShape'>
export type BatchNormOptions = Omit<named.BatchNormNamed, 'input' | 'runningMean' | 'runningVar'>
export type InstanceNormOptions = Omit<named.InstanceNormNamed, 'input'>
export type LocalResponseNormOptions = Omit<named.LocalResponseNormNamed, 'input' | 'size'>
export type NormalizeOptions = Omit<named.NormalizeNamed, 'input'>
export type EmbeddingOptions = Omit<named.EmbeddingNamed, 'input' | 'weight'>
export type EmbeddingBagOptions = Omit<named.EmbeddingBagNamed, 'input' | 'weight'>
export type MaxPoolOptions = Omit<named.MaxPool2dNamed, 'input' | 'kernelSize'>
export type ReturnIndicesOptions = Omit<named.AdaptiveMaxPool2dNamed, 'input' | 'outputSize'>
export type FractionalPoolOptions = Omit<named.FractionalMaxPool2dNamed, 'input' | 'kernelSize'>
export type MaxUnpoolOptions = Omit<named.MaxUnpool2dNamed, 'input' | 'indices' | 'kernelSize'>
export type LpPoolOptions = Omit<named.LpPool2dNamed, 'input' | 'normType' | 'kernelSize'>
export type InterpolateOptions = Omit<named.InterpolateNamed, 'input'>
export type GridSampleOptions = Omit<named.GridSampleNamed, 'input' | 'grid'>
export type AffineGridOptions = Omit<named.AffineGridNamed, 'theta' | 'size'>
export type PadOptions = Omit<named.PadNamed, 'input' | 'pad'>
export type UnfoldOptions = Omit<named.UnfoldNamed, 'input' | 'kernelSize'>
export type AttentionOptions = Omit<
  named.MultiHeadAttentionForwardNamed,
  | 'query'
  | 'key'
  | 'value'
  | 'embedDimToCheck'
  | 'numHeads'
  | 'inProjWeight'
  | 'inProjBias'
  | 'biasK'
  | 'biasV'
  | 'addZeroAttn'
  | 'dropoutP'
  | 'outProjWeight'
  | 'outProjBias'
>
export type { OneHotOptions } from './embedding'

export type InterpolateMode = named.InterpolateArguments['mode']
export type GridSampleMode = named.GridSampleArguments['mode']
export type GridSamplePadding = named.GridSampleArguments['paddingMode']
/** One size for all spatial dimensions or one for each, null keeping the input's. */
export type AdaptiveSize = Int | readonly (Int | null)[]
