/**
 * @internal Names that other rooms import from this one besides the public ones.
 */
export { unknownWeights } from './models/catalog'
export { classesIn, differencesFrom, hasClassifier, misfitOf } from './models/misfit'
export { buildResNet } from './models/resnet'
