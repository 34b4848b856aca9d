import type { CompactSegment, DenseSegment, FactoredSegment, LookupSegment } from '../block.js'
import { createGradientReader } from '../dense-gradient.js'
import { hasFactors, type ParameterProjection } from './projection-plan.js'
import type { Numbers } from '../numbers/number-memory.js'
import type { WorkMatrix, Workspace } from './workspace.js'

/** A parameter's projection with its matrices; undefined for a side that is not projected. */
export interface Sides extends ParameterProjection {
  /** P_a [d, k_a] */
  readonly input: Float64Array | undefined
  /** P_δ [p, k_δ] */
  readonly output: Float64Array | undefined
}

/** Sides whose matrices are in a workspace. */
type PlacedSides = Omit<Sides, 'input' | 'output'> & {
  readonly input: Numbers | undefined
  readonly output: Numbers | undefined
}

/** A segment whose examples are projected one at a time. */
interface Prepared {
  /** Filled example by example. */
  readonly target: CompactSegment
  readonly projectRow: (row: number) => void
}

/** Prepares a segment. Its numbers take the place of those that the workspace has. */
export function prepareSegment(
  segment: CompactSegment,
  sides: Sides,
  exampleCount: number,
  workspace: Workspace,
): Prepared {
  workspace.clear()
  if (!hasFactors(segment, sides)) return prepareDense(segment, sides, exampleCount, workspace)
  return segment.kind === 'factored'
    ? prepareFactored(segment, sides, exampleCount, workspace)
    : prepareLookup(segment, sides, exampleCount, workspace)
}

/** Copies numbers into the workspace. */
function place(workspace: Workspace, numbers: Float64Array | undefined): Numbers | undefined {
  if (numbers === undefined) return undefined
  const placed = workspace.allocate(numbers.length)
  placed.data.set(numbers)
  return placed
}

/** Views numbers as a row-major matrix. */
const viewRowMajor = (numbers: Numbers, columns: number): WorkMatrix => ({
  numbers,
  rowStep: columns,
  columnStep: 1,
})

/** Views numbers as the transpose of a row-major matrix. */
const viewTransposed = (numbers: Numbers, columns: number): WorkMatrix => ({
  numbers,
  rowStep: 1,
  columnStep: columns,
})

function prepareDense(
  segment: CompactSegment,
  given: Sides,
  exampleCount: number,
  workspace: Workspace,
): Prepared {
  const sides: PlacedSides = {
    ...given,
    input: place(workspace, given.input),
    output: place(workspace, given.output),
  }
  const { inputSize: d, outputSize: p, projectedInputSize: ka, projectedOutputSize: kd } = sides
  const size = ka * kd
  const target: DenseSegment = {
    kind: 'dense',
    parameter: segment.parameter,
    size,
    values: new Float32Array(exampleCount * size),
  }
  const read = createGradientReader(segment)
  const gradient = workspace.allocate(d * p)
  const between = workspace.allocate(Math.max(ka * p, d * kd))
  const result = workspace.allocate(size)
  // Of the two orders, the one with fewer multiplications.
  const inputFirst = ka * p * (d + kd) <= d * kd * (p + ka)
  return {
    target,
    projectRow(row) {
      const { data, offset } = read(row)
      gradient.data.set(data.subarray(offset, offset + d * p))
      let projected: Numbers
      if (inputFirst) {
        const intermediate = projectInput(workspace, gradient, [d, p], sides, between)
        projected = projectOutput(workspace, intermediate, [ka, p], sides, result)
      } else {
        const intermediate = projectOutput(workspace, gradient, [d, p], sides, between)
        projected = projectInput(workspace, intermediate, [d, kd], sides, result)
      }
      target.values.set(projected.data.subarray(0, size), row * size)
    },
  }
}

/** Computes P_aᵀ G of G [d, n] in `into`; returns G if that side is not projected. */
function projectInput(
  workspace: Workspace,
  gradient: Numbers,
  [d, n]: readonly [number, number],
  { input, projectedInputSize: ka }: PlacedSides,
  into: Numbers,
): Numbers {
  if (input === undefined) return gradient
  workspace.multiply(viewTransposed(input, ka), gradient, [ka, d, n], into)
  return into
}

/** Computes G P_δ of G [m, p] in `into`; returns G if that side is not projected. */
function projectOutput(
  workspace: Workspace,
  gradient: Numbers,
  [m, p]: readonly [number, number],
  { output, projectedOutputSize: kd }: PlacedSides,
  into: Numbers,
): Numbers {
  if (output === undefined) return gradient
  workspace.multiply(viewRowMajor(gradient, p), output, [m, p, kd], into)
  return into
}

function prepareFactored(
  { parameter, positions, inputSize, outputSize, a, delta }: FactoredSegment,
  sides: Sides,
  exampleCount: number,
  workspace: Workspace,
): Prepared {
  const { projectedInputSize: ka, projectedOutputSize: kd } = sides
  const aProjection = projectVectors(
    workspace,
    a,
    positions,
    [inputSize, ka],
    sides.input,
    exampleCount,
  )
  const deltaProjection = projectVectors(
    workspace,
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
function prepareLookup(
  segment: LookupSegment,
  sides: Sides,
  exampleCount: number,
  workspace: Workspace,
): Prepared {
  const { parameter, positions, rowSize, indices, delta } = segment
  const { input, projectedInputSize: ka, projectedOutputSize: kd } = sides
  const deltaProjection = projectVectors(
    workspace,
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
  workspace: Workspace,
  vectors: Float32Array,
  positions: number,
  [size, projectedSize]: readonly [number, number],
  matrix: Float64Array | undefined,
  exampleCount: number,
): { readonly target: Float32Array; readonly projectRow: (row: number) => void } {
  if (matrix === undefined) return { target: vectors, projectRow: () => undefined }
  const [count, projectedCount] = [positions * size, positions * projectedSize]
  const placed = workspace.allocate(matrix.length)
  placed.data.set(matrix)
  const given = workspace.allocate(count)
  const result = workspace.allocate(projectedCount)
  const target = new Float32Array(exampleCount * projectedCount)
  return {
    target,
    projectRow(row) {
      given.data.set(vectors.subarray(row * count, (row + 1) * count))
      const sizes = [positions, size, projectedSize] as const
      workspace.multiply(viewRowMajor(given, size), placed, sizes, result)
      target.set(result.data, row * projectedCount)
    },
  }
}
