export { bootstrap, type Interval } from './bootstrap'
export { classChanges, type ClassChange } from './classes'
export { matchViews, roundsFor, type CorrespondenceOptions, type Matches } from './correspondence'
export { freeze, inParts, normalised, type Features } from './features'
export { KnnSegmenter, knnMeanIoU, type KnnOptions } from './knn'
export { linearMeanIoU, type LinearOptions } from './linear'
export { SHOWN, measure, type Evaluation, type EvaluationSet, type Labels, type Pictures, type Samples } from './measure'
export {
  MEASURES,
  MEASURE_WORDS,
  SMALLEST_MAP,
  formatChange,
  formatMeasure,
  gapWords,
  gapsOf,
  shownChange,
  tooSmallMap,
  type Gap,
  type MeasureName,
  type MeasureWords,
  type Measured,
  type Measures,
  type Missing,
} from './measures'
export { meanOfOverlaps, overlapsOf, type Overlap } from './overlap'
export { recalibrated } from './recalibrate'
export { seeded } from './seeded'
export { placeShareOf, spreadOf, type Layout, type Spread } from './spread'
export { MeanIoU, classesAt, labelsAt, meanIoU, type Labelled } from './segmentation'
export {
  FEWEST_IMAGES,
  changesOf,
  isShortcut,
  labelledImages,
  markOf,
  verdictOf,
  type Change,
  type Changes,
  type Outcome,
  type Verdict,
} from './verdict'
