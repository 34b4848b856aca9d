import type { ConvolutionSegment, FactoredSegment } from '../gradients/block.js'
import { type BlockShape, isTransposed } from './curvature-block.js'
import type { Numbers } from '../gradients/numbers/number-memory.js'
import { allocateZeros, type Matrices } from './matrices/matrices.js'
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
export const vectorsAtOnce = 256

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
  const step = Math.min(exampleCount, Math.max(1, Math.floor(vectorsAtOnce / positions)))
  const vectors = allocateVectors(block, step * positions, matrices)
  for (let start = 0; start < exampleCount; start += step) {
    const end = Math.min(start + step, exampleCount)
    writeVectors(segment, block, { start, end, exampleCount }, vectors, matrices)
    yield { exampleCount: end - start, positions, ...vectors }
  }
}

/** Allocates vectors of `count` positions, with a last 1 for the bias. */
function allocateVectors(
  { bias, rows, columns }: BlockShape,
  count: number,
  matrices: Matrices,
): Pick<LayerVectors, 'inputs' | 'outputs'> {
  const inputs = allocateZeros(matrices, count * rows)
  const outputs = matrices.allocate(count * columns)
  if (bias !== undefined) {
    for (let t = 1; t <= count; t++) inputs.data[t * rows - 1] = 1
  }
  return { inputs, outputs }
}

/** Writes the vectors of the examples from `start` to `end` − 1 where `allocateVectors` has made room. */
export function writeVectors(
  segment: FactoredSegment | ConvolutionSegment,
  block: BlockShape,
  { start, end, exampleCount }: { start: number; end: number; exampleCount: number },
  { inputs, outputs }: Pick<LayerVectors, 'inputs' | 'outputs'>,
  matrices: Matrices,
): void {
  const { rows, columns } = block
  const cut = (numbers: Float32Array): Float32Array => {
    const size = numbers.length / exampleCount
    return numbers.subarray(start * size, end * size)
  }
  const [a, delta] = [cut(segment.a), cut(segment.delta)]
  if (segment.kind === 'convolution') {
    matrices.writePatches(a, segment.geometry, end - start, inputs, rows)
    matrices.writeRows(delta, columns, outputs, columns)
    return
  }
  const [left, right] = isTransposed(block) ? [delta, a] : [a, delta]
  matrices.writeRows(left, rows - (block.bias === undefined ? 0 : 1), inputs, rows)
  matrices.writeRows(right, columns, outputs, columns)
}
