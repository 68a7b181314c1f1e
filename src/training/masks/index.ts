export { givenMasks, type GivenMasks } from './given'
export { loadMasks } from './load'
