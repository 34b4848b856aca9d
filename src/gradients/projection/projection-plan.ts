import type { CompactSegment } from '../block.js'
import { chooseLayout, countNumbers } from '../compact-layout.js'
import { InvalidArgumentError } from '../../errors.js'
import { sizeOf } from '../../ndarray.js'
import type { ProjectionSettings } from './projection-options.js'

/**
 * How the gradient of one parameter, G [d, p], is projected: G̃ = P_aᵀ G P_δ, [k_a, k_δ]. A side that keeps
 * its size is not projected: P is the identity.
 */
export interface ParameterProjection {
  readonly parameter: string
  /** Its index among the trainable parameters, which selects its random matrices. */
  readonly index: number
  /** d */
  readonly inputSize: number
  /** p */
  readonly outputSize: number
  /** k_a, from 1 to d. */
  readonly projectedInputSize: number
  /** k_δ, from 1 to p. */
  readonly projectedOutputSize: number
}

/** The projected parameters; all others stay exact. */
export interface ProjectionPlan extends ProjectionSettings {
  readonly parameters: readonly ParameterProjection[]
}

/** A segment of which only the layout matters. */
export type SegmentLayout = CompactSegment<unknown, unknown>

/** A trainable parameter, as the model has it. */
export interface ParameterShape {
  readonly name: string
  readonly shape: readonly number[]
}

/**
 * Divides the numbers among the parameters. A parameter that needs at most an equal share of the rest, or a little more,
 * stays exact, the smallest first; the others share what is left. Each of those divides its share between its two sides so
 * that the inner products of gradients of rank one vary least: by (1 + 1/k_a)(1 + 1/k_δ) − 1, where an exact side adds
 * nothing. The plan depends on the layouts of the gradients only, not on their values.
 *
 * @param segments the layouts of the gradients of any examples
 * @throws InvalidArgumentError if there are fewer numbers than segments
 */
export function planProjection(
  { size, seed }: ProjectionSettings,
  segments: readonly SegmentLayout[],
  parameters: readonly ParameterShape[],
): ProjectionPlan {
  if (size < segments.length) {
    throw new InvalidArgumentError(
      'projection.size',
      String(size),
      `${segments.length} or more: a number for each use of a parameter`,
    )
  }
  const claims = parameters
    .map(({ name, shape }, index) => {
      const own = segments.filter(({ parameter }) => parameter === name)
      const exact = own.reduce((sum, segment) => sum + countNumbers(chooseLayout(segment)), 0)
      return { parameter: name, index, shape, own, exact }
    })
    .filter(({ own }) => own.length > 0)
    .sort((a, b) => a.exact / a.own.length - b.exact / b.own.length || a.index - b.index)
  const projected: ParameterProjection[] = []
  let [numbersLeft, usesLeft] = [size, segments.length]
  for (const { parameter, index, shape, own, exact } of claims) {
    const share = Math.floor((numbersLeft * own.length) / usesLeft)
    const leftForOthers = numbersLeft - exact >= usesLeft - own.length
    const staysExact = exact <= share || (exact <= share * worthKeeping && leftForOthers)
    if (!staysExact) {
      const { inputSize, outputSize } = getMatrixSize(own, shape)
      const sides = chooseSides({ inputSize, outputSize }, own, share)
      projected.push({ parameter, index, inputSize, outputSize, ...sides })
    }
    numbersLeft -= staysExact ? exact : share
    usesLeft -= own.length
  }
  return { size, seed, parameters: projected.sort((a, b) => a.index - b.index) }
}

interface MatrixSize {
  /** d */
  readonly inputSize: number
  /** p */
  readonly outputSize: number
}

/** The sizes of a segment's factors; undefined if it has none. */
function getFactorSizes(segment: SegmentLayout): MatrixSize | undefined {
  switch (segment.kind) {
    case 'dense':
      return undefined
    case 'factored':
      return segment
    case 'lookup':
      return { inputSize: segment.parameterRows, outputSize: segment.rowSize }
  }
}

/**
 * A parameter may exceed its share by this factor and stay exact: projecting it would save a fifth at best, with matrices
 * nearly as large as itself.
 */
const worthKeeping = 1.25

/** The sizes of its factors; without factors, the last axis of the parameter is p. A single axis is [1, p]. */
function getMatrixSize(segments: readonly SegmentLayout[], shape: readonly number[]): MatrixSize {
  for (const segment of segments) {
    const sizes = getFactorSizes(segment)
    if (sizes !== undefined) return sizes
  }
  const last = shape.at(-1) ?? 1
  return { inputSize: sizeOf(shape) / last, outputSize: last }
}

/** True if the segment's factors can be projected; otherwise its gradient must be materialized. */
export function hasFactors<Segment extends SegmentLayout>(
  segment: Segment,
  { inputSize, outputSize }: MatrixSize,
): segment is Exclude<Segment, { kind: 'dense' }> {
  const sizes = getFactorSizes(segment)
  return sizes?.inputSize === inputSize && sizes.outputSize === outputSize
}

/** Counts the numbers that the segments of a parameter take with these sizes of its sides. */
function countProjected(
  segments: readonly SegmentLayout[],
  whole: MatrixSize,
  inputSize: number,
  outputSize: number,
): number {
  const counts = segments.map((segment) => {
    if (!hasFactors(segment, whole)) return inputSize * outputSize
    // Indices stay indices where their side is not projected.
    if (segment.kind === 'lookup' && inputSize === whole.inputSize) {
      return countNumbers(chooseLayout({ ...segment, rowSize: outputSize }))
    }
    const { parameter, positions } = segment
    const sizes = { positions, inputSize, outputSize }
    return countNumbers(
      chooseLayout({ kind: 'factored', parameter, ...sizes, a: undefined, delta: undefined }),
    )
  })
  return counts.reduce((sum, count) => sum + count, 0)
}

type Sides = Pick<ParameterProjection, 'projectedInputSize' | 'projectedOutputSize'>

/** Chooses the sizes with the least variance among those that fit the share. */
function chooseSides(whole: MatrixSize, segments: readonly SegmentLayout[], share: number): Sides {
  const { inputSize: d, outputSize: p } = whole
  const fits = (ka: number, kd: number): boolean => countProjected(segments, whole, ka, kd) <= share
  let best: Sides = { projectedInputSize: 1, projectedOutputSize: 1 }
  let least = Infinity
  for (let kd = 1; kd <= p && fits(1, kd); kd++) {
    const ka = fits(d, kd) ? d : findGreatest(d - 1, (k) => fits(k, kd))
    const variance = (1 + (ka === d ? 0 : 1 / ka)) * (1 + (kd === p ? 0 : 1 / kd)) - 1
    if (variance >= least) continue
    least = variance
    best = { projectedInputSize: ka, projectedOutputSize: kd }
  }
  return best
}

/** Finds the greatest integer from 1 to `most` that fits, if 1 fits and none fits above one that does not. */
function findGreatest(most: number, fits: (k: number) => boolean): number {
  let [low, high] = [1, Math.max(1, most)]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle - 1
  }
  return low
}
