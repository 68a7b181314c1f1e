import type { Tensor } from '../../tensor/tensor'
import type { Parameter } from '../parameter'
import type { Layer } from './layer'

/** A layer with a weight and an optional bias. */
export interface WeightedLayer extends Layer {
  weight: Parameter
  bias: Parameter | null
  /** Initialises the weights again. */
  resetParameters(): void
}

/** A normalisation with a trained scale, or null. */
export interface ScaledLayer extends Layer {
  weight: Parameter | null
  /** Sets weights to 1, and biases to 0. */
  resetParameters(): void
}

/** A normalisation with a trained scale and shift. */
export interface AffineLayer extends ScaledLayer {
  bias: Parameter | null
}

/** A normalisation with optional running statistics. */
export interface TrackingLayer extends AffineLayer {
  runningMean: Tensor | null
  runningVar: Tensor | null
  numBatchesTracked: Tensor | null
  /** Resets the running statistics to mean 0 and variance 1. */
  resetRunningStats(): void
}

/** A layer with a table of vectors, one for each index. */
export interface TableLayer extends Layer {
  weight: Parameter
  /** Initialises the vectors again; the vector of `paddingIdx` is zero. */
  resetParameters(): void
}
