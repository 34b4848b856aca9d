/** The kernels: addresses and sizes in bytes, counts in numbers. */
export { contract } from './contract'
export {
  addDense,
  addDenseSquares,
  addFactored,
  addFactoredSquares,
  addLookedUp,
  addMatching,
  materializeLookup,
} from './forms'
export { decodeFloat16Rows } from './float16'
export { allocate, release } from './memory'
export { offerScores, scoreRows, sortHeaps, sortScores, sortScratchSize } from './ranking'
export { normalize } from './scale'
