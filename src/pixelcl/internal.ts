/**
 * @internal What other rooms use of this one besides its public names.
 */
export { checkSmallestBox } from './checks'
export { HiddenLayers, firstParameter, layerName, spatialLayer } from './encoder'
export { binsInPixels, cutView, drawViews, positiveMask, type Bins } from './views'
