import type * as layers from '../../generated/declared/nn-layers'
import type { Device, DTypeLike } from '../../tensor/dtype'

/** One number for both dimensions, or one for each. */
export type Pair = number | readonly [number, number]

/** Device and dtype of a layer's parameters and buffers; default: the CPU and the default dtype. */
export interface FactoryOptions {
  dtype?: DTypeLike | null
  device?: Device
}

/** The named options of `Conv2d`. */
export type Conv2dOptions = Omit<layers.Conv2dNamed, 'inChannels' | 'outChannels' | 'kernelSize'>
/** The named options of batch normalisations. */
export type BatchNormLayerOptions = Omit<layers.BatchNorm2dNamed, 'numFeatures'>
/** The named options of `MaxPool2d`. */
export type MaxPool2dOptions = Omit<layers.MaxPool2dNamed, 'kernelSize'>
/** The named options of `AvgPool2d`. */
export type AvgPool2dOptions = Omit<layers.AvgPool2dNamed, 'kernelSize'>
/** The named options of `Linear`. */
export type LinearOptions = Omit<layers.LinearNamed, 'inFeatures' | 'outFeatures'>
/** The arguments of `Dropout` by name. */
export type DropoutOptions = layers.DropoutNamed
/** The arguments of `Flatten` by name. */
export type FlattenOptions = layers.FlattenNamed
/** The arguments of `ReLU` by name. */
export type InplaceOptions = layers.ReLUNamed

/** One size for both dimensions or one for each, null keeping the input's. */
export type OutputSize = number | readonly [number | null, number | null]
