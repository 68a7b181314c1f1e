export * as models from './models'
export * as transforms from './transforms'
