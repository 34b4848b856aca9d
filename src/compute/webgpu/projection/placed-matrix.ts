import type { Sides } from '../../../gradients/projection/project-segment.js'
import { bytesPerFloat32 } from '../../../gradients/numbers/byte-sizes.js'
import type { GpuWork } from '../gpu/gpu-work.js'

/** A random matrix on the GPU, row-major, in parts that can be bound. */
export interface PlacedMatrix {
  readonly columns: number
  readonly parts: readonly MatrixPart[]
}

/** Rows `firstRow` to `firstRow + rowCount - 1` of a matrix. */
export interface MatrixPart {
  readonly buffer: GPUBuffer
  readonly firstRow: number
  readonly rowCount: number
}

/** The matrices of a parameter; undefined for a side that is not projected. */
export interface PlacedSides {
  readonly input: PlacedMatrix | undefined
  readonly output: PlacedMatrix | undefined
}

/** The most bytes of a projection's matrices on the GPU: as many numbers as a store may name. */
const maxMatrixBytes = 2 ** 28

/** The most bytes that are rounded to float32 at once. */
const maxPartBytes = 2 ** 25

/** The matrices of a projection on the GPU. */
export class PlacedMatrices implements Disposable {
  readonly sides: ReadonlyMap<string, PlacedSides>
  /** Rejects if the upload failed. */
  readonly ready: Promise<void>
  readonly #work: GpuWork
  readonly #buffers: GPUBuffer[] = []

  constructor(work: GpuWork, sides: ReadonlyMap<string, Sides>) {
    this.#work = work
    const placed = new Map<string, PlacedSides>()
    this.sides = placed
    // Buffers are created within a submission, which reports a lack of memory.
    this.ready = work.submit(() => {
      for (const [parameter, own] of sides) {
        placed.set(parameter, {
          input: this.#place(own.input, own.projectedInputSize),
          output: this.#place(own.output, own.projectedOutputSize),
        })
      }
    })
    this.ready.catch(() => undefined)
  }

  /** True if the matrices of these sides are within the limits of memory and of bindings. */
  static fits({ maxBindingBytes }: GpuWork, sides: ReadonlyMap<string, Sides>): boolean {
    let byteLength = 0
    for (const { input, output, projectedInputSize, projectedOutputSize } of sides.values()) {
      byteLength += ((input?.length ?? 0) + (output?.length ?? 0)) * bytesPerFloat32
      const columns = Math.max(projectedInputSize, projectedOutputSize)
      if (columns * bytesPerFloat32 > Math.min(maxBindingBytes, maxPartBytes)) return false
    }
    return byteLength <= maxMatrixBytes
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#buffers.splice(0)) this.#work.destroyBuffer(buffer)
  }

  #place(matrix: Float64Array | undefined, columns: number): PlacedMatrix | undefined {
    if (matrix === undefined) return undefined
    const { device, maxBindingBytes } = this.#work
    const rows = matrix.length / columns
    const partRows = Math.floor(
      Math.min(maxBindingBytes, maxPartBytes) / (columns * bytesPerFloat32),
    )
    const parts: MatrixPart[] = []
    for (let firstRow = 0; firstRow < rows; firstRow += partRows) {
      const rowCount = Math.min(partRows, rows - firstRow)
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST
      const buffer = this.#work.createBuffer(rowCount * columns * bytesPerFloat32, usage)
      this.#buffers.push(buffer)
      const from = firstRow * columns
      const numbers = Float32Array.from(matrix.subarray(from, from + rowCount * columns))
      device.queue.writeBuffer(buffer, 0, numbers)
      parts.push({ buffer, firstRow, rowCount })
    }
    return { columns, parts }
  }
}
