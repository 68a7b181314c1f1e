/**
 * @internal What the rooms above use of the method beside its public names.
 */
export { checkSmallestBox } from './checks'
export { HiddenLayers, firstParameter, layerName, spatialLayer } from './encoder'
export { binsInPixels, cutView, drawViews, positiveMask, type Bins } from './views'
