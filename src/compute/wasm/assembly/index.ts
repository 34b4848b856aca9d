/** The kernels: addresses and sizes in bytes, counts in numbers. */
export { contract } from './contract'
export {
  addDense,
  addDenseSquares,
  addFactored,
  addFactoredSquares,
  addLookedUp,
  addMatching,
  formLookedUp,
} from './forms'
export { decodeHalf } from './half'
export { allocate, release } from './memory'
export { offerScores, scoreRows, sortHeaps, sortScores, sortScratchSize } from './ranking'
export { normalize } from './scale'
