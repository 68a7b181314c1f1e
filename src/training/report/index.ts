export { SHOWN, measure, type Evaluation, type EvaluationSet, type Labels, type Pictures } from './measure'
export { renderReport, type ReportData } from './render'
