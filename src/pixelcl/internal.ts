/**
 * @internal Names that other rooms import from this one besides the public ones.
 */
export { checkSmallestBox } from './checks'
export { channelsOf } from './backbone-input'
export { HiddenLayers, firstParameter, lastMapLayer, layerName, mapLayer, spatialLayer, type MapLayer } from './encoder'
export { binsInPixels, cutView, drawViews, positiveMask, type Bins } from './views'
