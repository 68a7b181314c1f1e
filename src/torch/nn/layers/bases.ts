import type { Tensor } from '../../tensor/tensor'
import type { Parameter } from '../parameter'
import type { Layer } from './layer'

/** What the layers with a weight and perhaps a bias have in common. */
export interface WeightedLayer extends Layer {
  weight: Parameter
  bias: Parameter | null
  /** Draws new weights. */
  resetParameters(): void
}

/** A normalisation that scales by trained values; null for one that does not. */
export interface ScaledLayer extends Layer {
  weight: Parameter | null
  /** Sets weights to 1, and biases to 0. */
  resetParameters(): void
}

/** One that shifts by trained values, too. */
export interface AffineLayer extends ScaledLayer {
  bias: Parameter | null
}

/** A normalisation that may keep running statistics. */
export interface TrackingLayer extends AffineLayer {
  runningMean: Tensor | null
  runningVar: Tensor | null
  numBatchesTracked: Tensor | null
  /** Sets the running statistics to those of no batch: mean 0, variance 1. */
  resetRunningStats(): void
}

/** A table of vectors, one for each index. */
export interface TableLayer extends Layer {
  weight: Parameter
  /** Draws new vectors; that of `paddingIdx` is zero. */
  resetParameters(): void
}
