/**
 * @internal Names that other rooms import from this one besides the public ones.
 */
export { checkSmallestBox } from './checks'
export { channelsOf, firstConvolution } from './backbone-input'
export { USUAL_SIDES } from './dry-run-failure'
export { HiddenLayers, firstParameter, lastMapLayer, layerName, mapLayer, spatialLayer, takes, type MapLayer } from './encoder'
export { binsInPixels, cutView, drawViews, positiveMask, type Bins } from './views'
