import type { CompactSegment, DenseSegment, FactoredSegment, LookupSegment } from '../block.js'
import { createGradientReader } from '../dense-gradient.js'
import { multiply, viewRowMajor, viewTransposed } from './multiply.js'
import { hasFactors, type ParameterProjection } from './projection-plan.js'

/** A parameter's projection with its matrices; undefined for a side that is not projected. */
export interface Sides extends ParameterProjection {
  /** P_a [d, k_a] */
  readonly input: Float64Array | undefined
  /** P_δ [p, k_δ] */
  readonly output: Float64Array | undefined
}

/** A segment whose examples are projected one at a time. */
interface Prepared {
  /** Filled example by example. */
  readonly target: CompactSegment
  readonly projectRow: (row: number) => void
}

export function prepareSegment(
  segment: CompactSegment,
  sides: Sides,
  exampleCount: number,
): Prepared {
  if (!hasFactors(segment, sides)) return prepareDense(segment, sides, exampleCount)
  return segment.kind === 'factored'
    ? prepareFactored(segment, sides, exampleCount)
    : prepareLookup(segment, sides, exampleCount)
}

function prepareDense(segment: CompactSegment, sides: Sides, exampleCount: number): Prepared {
  const { inputSize: d, outputSize: p, projectedInputSize: ka, projectedOutputSize: kd } = sides
  const size = ka * kd
  const target: DenseSegment = {
    kind: 'dense',
    parameter: segment.parameter,
    size,
    values: new Float32Array(exampleCount * size),
  }
  const read = createGradientReader(segment)
  const gradient = new Float64Array(d * p)
  const between = new Float64Array(Math.max(ka * p, d * kd))
  const result = new Float64Array(size)
  // Of the two orders, the one with fewer multiplications.
  const inputFirst = ka * p * (d + kd) <= d * kd * (p + ka)
  return {
    target,
    projectRow(row) {
      const { data, offset } = read(row)
      gradient.set(data.subarray(offset, offset + d * p))
      if (inputFirst) {
        const intermediate = projectInput(gradient, [d, p], sides, between)
        target.values.set(projectOutput(intermediate, [ka, p], sides, result), row * size)
      } else {
        const intermediate = projectOutput(gradient, [d, p], sides, between)
        target.values.set(projectInput(intermediate, [d, kd], sides, result), row * size)
      }
    },
  }
}

/** Computes P_aᵀ G of G [d, n] in `into`; returns G if that side is not projected. */
function projectInput(
  gradient: Float64Array,
  [d, n]: readonly [number, number],
  { input, projectedInputSize: ka }: Sides,
  into: Float64Array,
): Float64Array {
  if (input === undefined) return gradient
  multiply(viewTransposed(input, ka), gradient, [ka, d, n], into)
  return into.subarray(0, ka * n)
}

/** G P_δ of G [m, p], in `into`; G itself where that side stays. */
function projectOutput(
  gradient: Float64Array,
  [m, p]: readonly [number, number],
  { output, projectedOutputSize: kd }: Sides,
  into: Float64Array,
): Float64Array {
  if (output === undefined) return gradient
  multiply(viewRowMajor(gradient, p), output, [m, p, kd], into)
  return into.subarray(0, m * kd)
}

function prepareFactored(
  { parameter, positions, inputSize, outputSize, a, delta }: FactoredSegment,
  sides: Sides,
  exampleCount: number,
): Prepared {
  const { projectedInputSize: ka, projectedOutputSize: kd } = sides
  const aProjection = projectVectors(a, positions, [inputSize, ka], sides.input, exampleCount)
  const deltaProjection = projectVectors(
    delta,
    positions,
    [outputSize, kd],
    sides.output,
    exampleCount,
  )
  const sizes = { positions, inputSize: ka, outputSize: kd }
  return {
    target: {
      kind: 'factored',
      parameter,
      ...sizes,
      a: aProjection.target,
      delta: deltaProjection.target,
    },
    projectRow(row) {
      aProjection.projectRow(row)
      deltaProjection.projectRow(row)
    },
  }
}

/** The a_t of a lookup are unit vectors, so P_aᵀ a_t is a row of P_a. */
function prepareLookup(segment: LookupSegment, sides: Sides, exampleCount: number): Prepared {
  const { parameter, positions, rowSize, indices, delta } = segment
  const { input, projectedInputSize: ka, projectedOutputSize: kd } = sides
  const deltaProjection = projectVectors(
    delta,
    positions,
    [rowSize, kd],
    sides.output,
    exampleCount,
  )
  if (input === undefined) {
    return {
      target: { ...segment, rowSize: kd, delta: deltaProjection.target },
      projectRow: deltaProjection.projectRow,
    }
  }
  const a = new Float32Array(exampleCount * positions * ka)
  const sizes = { positions, inputSize: ka, outputSize: kd }
  return {
    target: { kind: 'factored', parameter, ...sizes, a, delta: deltaProjection.target },
    projectRow(row) {
      for (let t = row * positions; t < (row + 1) * positions; t++) {
        const index = indices[t]!
        a.set(input.subarray(index * ka, (index + 1) * ka), t * ka)
      }
      deltaProjection.projectRow(row)
    },
  }
}

/** Multiplies vectors [examples, T, size] by a matrix [size, projectedSize]; returns them unchanged without one. */
function projectVectors(
  vectors: Float32Array,
  positions: number,
  [size, projectedSize]: readonly [number, number],
  matrix: Float64Array | undefined,
  exampleCount: number,
): { readonly target: Float32Array; readonly projectRow: (row: number) => void } {
  if (matrix === undefined) return { target: vectors, projectRow: () => undefined }
  const given = new Float64Array(positions * size)
  const result = new Float64Array(positions * projectedSize)
  const target = new Float32Array(exampleCount * result.length)
  return {
    target,
    projectRow(row) {
      given.set(vectors.subarray(row * given.length, (row + 1) * given.length))
      multiply(viewRowMajor(given, size), matrix, [positions, size, projectedSize], result)
      target.set(result, row * result.length)
    },
  }
}
