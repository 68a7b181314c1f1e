import { pythonRepr } from './repr'
import type * as layers from '../../generated/declared/nn-layers'
import type { Device, DTypeLike } from '../../tensor/dtype'

/** One number for both dimensions, or one for each. */
export type Pair = number | readonly [number, number]

/** Where a layer's own tensors are made, and of which dtype; default: the default dtype, on the CPU. */
export interface FactoryOptions {
  dtype?: DTypeLike | null
  device?: Device
}

/** What `Conv2d` takes by name. */
export type Conv2dOptions = Omit<layers.Conv2dNamed, 'inChannels' | 'outChannels' | 'kernelSize'>
/** What the batch normalisations take by name. */
export type BatchNormLayerOptions = Omit<layers.BatchNorm2dNamed, 'numFeatures'>
/** What `MaxPool2d` takes by name. */
export type MaxPool2dOptions = Omit<layers.MaxPool2dNamed, 'kernelSize'>
/** What `AvgPool2d` takes by name. */
export type AvgPool2dOptions = Omit<layers.AvgPool2dNamed, 'kernelSize'>

/** One size for both dimensions or one for each, null keeping the input's. */
export type OutputSize = number | readonly [number | null, number | null]

/** @internal */
export function shownFlag(value: boolean): string {
  return pythonRepr(value)
}

/** @internal Python writes 1e-05 where JavaScript writes 0.00001. */
export function shownNumber(value: number | null): string {
  return pythonRepr(value)
}
