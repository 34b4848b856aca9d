/** The kernels: addresses and sizes in bytes, counts in numbers. */
export { addBilinear } from './bilinear'
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
export { decodeFloat16Rows, isOrdinaryFloat16 } from './float16'
export { scaleTests } from './float16-products'
export { allocate, release } from './memory'
export { offerScores, scoreRows, sortHeaps, sortScores, sortScratchSize } from './ranking'
export { normalize } from './scale'
