export { matchViews, type CorrespondenceOptions, type Matches } from './correspondence'
export { freeze, inParts, normalised, type Features } from './features'
export { KnnSegmenter, knnMeanIoU, type KnnOptions } from './knn'
export { linearMeanIoU, type LinearOptions } from './linear'
export { SHOWN, measure, type Evaluation, type EvaluationSet, type Labels, type Pictures } from './measure'
export {
  MEASURES,
  MEASURE_WORDS,
  formatChange,
  formatMeasure,
  judge,
  type MeasureName,
  type MeasureWords,
  type Measured,
  type Measures,
  type Missing,
} from './measures'
export { recalibrated } from './recalibrate'
export { seeded } from './seeded'
export { spreadOf, type Spread } from './spread'
export { MeanIoU, classesAt, labelsAt, meanIoU, type Labelled } from './segmentation'
