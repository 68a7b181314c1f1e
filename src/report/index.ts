export { renderReport } from './render'
