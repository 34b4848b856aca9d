import type { ConvolutionSegment, FactoredSegment } from '../gradients/block.js'
import { extractPatches } from '../gradients/patches.js'
import { type BlockShape, isTransposed } from './curvature-block.js'
import type { Matrices, Numbers } from './matrices/matrices.js'
import { sizesOf } from './plan-blocks.js'

/** The vectors of a layer at the positions of some examples: G of an example is Σ_t input_t output_tᵀ. */
export interface LayerVectors {
  readonly exampleCount: number
  readonly positions: number
  /** [exampleCount, positions, rows], with a last 1 for the bias. */
  readonly inputs: Numbers
  /** [exampleCount, positions, columns] */
  readonly outputs: Numbers
}

/** About as many positions are read at once, so that their numbers stay in the cache. */
const mostPositions = 256

/**
 * Reads the vectors of a layer into a workspace, some examples at a time. The numbers of a step are overwritten by the
 * next one.
 */
export function* readVectors(
  segment: FactoredSegment | ConvolutionSegment,
  block: BlockShape,
  exampleCount: number,
  matrices: Matrices,
): Generator<LayerVectors> {
  const { positions } = sizesOf(segment)
  const step = Math.min(exampleCount, Math.max(1, Math.floor(mostPositions / positions)))
  const inputs = matrices.allocate(step * positions * block.rows)
  const outputs = matrices.allocate(step * positions * block.columns)
  for (let start = 0; start < exampleCount; start += step) {
    const end = Math.min(start + step, exampleCount)
    writeVectors(segment, block, { start, end, exampleCount }, { inputs, outputs })
    yield { exampleCount: end - start, positions, inputs, outputs }
  }
}

/** Writes the vectors of the examples from `start` to `end` − 1. */
export function writeVectors(
  segment: FactoredSegment | ConvolutionSegment,
  block: BlockShape,
  { start, end, exampleCount }: { start: number; end: number; exampleCount: number },
  { inputs, outputs }: Pick<LayerVectors, 'inputs' | 'outputs'>,
): void {
  const { inputSize, outputSize } = sizesOf(segment)
  const cut = (numbers: Float32Array): Float32Array => {
    const size = numbers.length / exampleCount
    return numbers.subarray(start * size, end * size)
  }
  const own = cut(segment.a)
  const a =
    segment.kind === 'convolution' ? extractPatches(own, segment.geometry, end - start) : own
  const delta = cut(segment.delta)
  if (isTransposed(block)) {
    writeInputs(inputs.data, delta, outputSize, block)
    outputs.data.set(a)
  } else {
    writeInputs(inputs.data, a, inputSize, block)
    outputs.data.set(delta)
  }
}

/** Writes vectors, with a 1 after each if the layer has a bias. */
function writeInputs(
  target: Float64Array,
  vectors: Float32Array,
  size: number,
  { bias, rows }: BlockShape,
): void {
  if (bias === undefined) {
    target.set(vectors)
    return
  }
  const count = vectors.length / size
  for (let t = 0; t < count; t++) {
    target.set(vectors.subarray(t * size, (t + 1) * size), t * rows)
    target[t * rows + size] = 1
  }
}
