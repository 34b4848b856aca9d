import type { CompactSegment } from '../../../gradients/block.js'
import type { Sides } from '../../../gradients/projection/project-segment.js'
import { bytesPerFloat32 } from '../../../gradients/numbers/byte-sizes.js'
import type { Commands } from '../gpu/commands.js'
import type { Slab, SlabSegment } from '../slab.js'
import { gatherRows } from './gather-rows.js'
import { type Matrices, multiplyLeft, multiplyRight } from './multiply-batches.js'
import type { PlacedMatrix, PlacedSides } from './placed-matrix.js'

/** A segment in buffers of the GPU. */
export type GpuSegment = CompactSegment<GPUBuffer, GPUBuffer>

/** Views a segment of a slab as it was uploaded, scaled. */
export function viewSegment({ parameter, layout, first, second }: SlabSegment): GpuSegment {
  switch (layout.kind) {
    case 'dense':
      return { ...layout, parameter, values: first }
    case 'factored':
      return { ...layout, parameter, a: first, delta: second }
    case 'lookup':
      return { ...layout, parameter, indices: first, delta: second }
  }
}

/** A parameter's projection: its sizes and its matrices. */
export interface SegmentProjection extends PlacedSides {
  readonly sizes: Sides
}

/** Projects the examples of a slab's segment into temporary buffers. A side without a matrix stays in its buffer. */
export function projectSegment(
  commands: Commands,
  segment: SlabSegment,
  projection: SegmentProjection,
  slab: Slab,
): GpuSegment {
  const { parameter, layout, first, second } = segment
  const { input, output, sizes } = projection
  const { projectedInputSize: ka, projectedOutputSize: kd } = sizes
  if (layout.kind === 'dense') {
    return {
      kind: 'dense',
      parameter,
      size: ka * kd,
      values: projectDense(commands, first, projection, slab),
    }
  }
  const { positions } = layout
  const vectors = (buffer: GPUBuffer, columns: number): Matrices => ({
    buffer,
    count: slab.exampleCount,
    rows: positions,
    columns,
  })
  const delta = projectRight(commands, vectors(second, sizes.outputSize), output, slab)
  if (layout.kind === 'factored') {
    const a = projectRight(commands, vectors(first, sizes.inputSize), input, slab)
    return {
      ...{ kind: 'factored', parameter, positions, inputSize: ka, outputSize: kd },
      a,
      delta,
    }
  }
  if (input === undefined) return { ...layout, parameter, rowSize: kd, indices: first, delta }
  // The a_t of a lookup are unit vectors, so P_aᵀ a_t is a row of P_a.
  const indexCount = slab.exampleCount * positions
  const a = commands.createTemporary(indexCount * ka * bytesPerFloat32)
  gatherRows(commands, first, indexCount, input, a)
  return { kind: 'factored', parameter, positions, inputSize: ka, outputSize: kd, a, delta }
}

/** Computes P_aᵀ G P_δ of each example, in the order with fewer multiplications. */
function projectDense(
  commands: Commands,
  gradients: GPUBuffer,
  { input, output, sizes }: SegmentProjection,
  slab: Slab,
): GPUBuffer {
  const { inputSize: d, outputSize: p, projectedInputSize: ka, projectedOutputSize: kd } = sizes
  const count = slab.exampleCount
  const whole = { buffer: gradients, count, rows: d, columns: p }
  if (ka * p * (d + kd) <= d * kd * (p + ka)) {
    const buffer = projectLeft(commands, whole, input, slab)
    return projectRight(commands, { buffer, count, rows: ka, columns: p }, output, slab)
  }
  const buffer = projectRight(commands, whole, output, slab)
  return projectLeft(commands, { buffer, count, rows: d, columns: kd }, input, slab)
}

/** Computes A P; returns A without a matrix. */
function projectRight(
  commands: Commands,
  given: Matrices,
  matrix: PlacedMatrix | undefined,
  { norms }: Slab,
): GPUBuffer {
  if (matrix === undefined) return given.buffer
  const numbers = given.count * given.rows * matrix.columns
  const to = commands.createTemporary(numbers * bytesPerFloat32)
  multiplyRight(commands, given, matrix, norms, to)
  return to
}

/** Computes Pᵀ A; returns A without a matrix. */
function projectLeft(
  commands: Commands,
  given: Matrices,
  matrix: PlacedMatrix | undefined,
  { norms }: Slab,
): GPUBuffer {
  if (matrix === undefined) return given.buffer
  const numbers = given.count * matrix.columns * given.columns
  const to = commands.createTemporary(numbers * bytesPerFloat32)
  multiplyLeft(commands, given, matrix, norms, to)
  return to
}
