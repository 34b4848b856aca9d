import type { Projection } from '../../../gradients/projection/projection.js'
import type { Sides } from '../../../gradients/projection/project-segment.js'
import { hasFactors, type SegmentLayout } from '../../../gradients/projection/projection-plan.js'
import { getCompactByteLength } from '../../../gradients/compact-layout.js'
import type { GpuWork } from '../gpu/gpu-work.js'
import type { Slab } from '../slab.js'
import { sliceBuffer } from '../upload/buffer-slice.js'
import { findLargestRow, uploadRows } from '../upload/upload-rows.js'
import { GpuGradients } from '../webgpu-gradients.js'
import { addExponents } from './add-exponents.js'
import { PlacedMatrices } from './placed-matrix.js'
import { type GpuSegment, projectSegment, viewSegment } from './project-segment.js'

/** Projects gradients on the GPU. It keeps the matrices of the projection that it used last. */
export class Projector {
  readonly #work: GpuWork
  #last: { readonly sides: ReadonlyMap<string, Sides>; readonly placed: PlacedMatrices } | undefined

  constructor(work: GpuWork) {
    this.#work = work
  }

  /** Undefined if a layout has no kernel, or if something exceeds the limits of memory or of bindings. */
  project(gradients: GpuGradients, projection: Projection): GpuGradients | undefined {
    const { slabs, exampleCount } = gradients
    if (exampleCount === 0) return undefined
    const layouts = slabs[0]!.segments.map(viewSegment)
    const sides = projection.drawMatrices(layouts)
    const projected = layouts.map((segment) => projectLayout(segment, sides.get(segment.parameter)))
    if (!projected.every((segment) => segment !== undefined)) return undefined
    const { byteLength } = findLargestRow(projected)
    const rows = Math.max(...slabs.map((slab) => slab.exampleCount))
    if (byteLength * rows > this.#work.maxBindingBytes) return undefined
    if (!PlacedMatrices.fits(this.#work, sides)) return undefined
    const matrices = this.#place(sides)
    const created: GPUBuffer[] = []
    const submitted: Promise<void>[] = []
    const results: Slab[] = []
    try {
      for (const slab of slabs) {
        submitted.push(this.#projectSlab(slab, sides, matrices, created, results))
      }
    } catch (error) {
      for (const buffer of created) this.#work.destroyBuffer(buffer)
      throw error
    }
    const ready = Promise.all([gradients.ready, matrices.ready, ...submitted]).then(() => undefined)
    // Each use of the result and settle() report the failure.
    ready.catch(() => undefined)
    const bytes = getCompactByteLength(exampleCount, projected)
    return new GpuGradients(this.#work, exampleCount, bytes, results, ready)
  }

  #projectSlab(
    slab: Slab,
    sides: ReadonlyMap<string, Sides>,
    matrices: PlacedMatrices,
    created: GPUBuffer[],
    results: Slab[],
  ): Promise<void> {
    const { exampleCount, rowStart } = slab
    return this.#work.submit((commands) => {
      const segments = slab.segments.map((segment): GpuSegment => {
        const sizes = sides.get(segment.parameter)
        if (sizes === undefined) return viewSegment(segment)
        const placed = matrices.sides.get(segment.parameter)!
        return projectSegment(commands, segment, { ...placed, sizes }, slab)
      })
      const uploaded = uploadRows(commands, {
        exampleCount,
        segments,
        getSlice: (buffer: GPUBuffer, rowSize) =>
          sliceBuffer(this.#work.device, buffer, rowSize, 0, exampleCount),
        createBuffer: (byteLength) => {
          const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
          const buffer = this.#work.createBuffer(byteLength, usage)
          created.push(buffer)
          return buffer
        },
      })
      addExponents(commands, exampleCount, slab.norms, uploaded.norms)
      results.push({ rowStart, exampleCount, ...uploaded })
    })
  }

  /** Uploads the matrices unless they are those of the last call. */
  #place(sides: ReadonlyMap<string, Sides>): PlacedMatrices {
    if (this.#last?.sides === sides) return this.#last.placed
    this.#last?.placed[Symbol.dispose]()
    const placed = new PlacedMatrices(this.#work, sides)
    const last = { sides, placed }
    this.#last = last
    placed.ready.catch(() => {
      placed[Symbol.dispose]()
      if (this.#last === last) this.#last = undefined
    })
    return placed
  }
}

/** The layout of a projected segment; undefined if its gradient would have to be materialized first. */
function projectLayout(segment: GpuSegment, sides: Sides | undefined): SegmentLayout | undefined {
  if (sides === undefined) return segment
  const { projectedInputSize: inputSize, projectedOutputSize: outputSize } = sides
  if (segment.kind === 'dense') return { ...segment, size: inputSize * outputSize }
  if (!hasFactors(segment, sides)) return undefined
  const { parameter, positions } = segment
  if (segment.kind === 'lookup' && sides.input === undefined) {
    return { ...segment, rowSize: outputSize }
  }
  const sizes = { positions, inputSize, outputSize }
  return { kind: 'factored', parameter, ...sizes, a: undefined, delta: undefined }
}
