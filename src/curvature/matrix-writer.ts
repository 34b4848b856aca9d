import type { DenseSegment } from '../gradients/block.js'
import { type BlockShape, isTransposed } from './curvature-block.js'
import { countKernelNumbers, toMatrix } from './matrix-reader.js'

/** Dense gradients of a block's parameters, written as matrices G [rows, columns]. */
export class MatrixWriter {
  readonly segments: readonly DenseSegment[]
  readonly #block: BlockShape
  readonly #kernelSize: number

  constructor(block: BlockShape, exampleCount: number) {
    const { parameter, bias, columns } = block
    const allocate = (name: string, size: number): DenseSegment => ({
      kind: 'dense',
      parameter: name,
      size,
      values: new Float32Array(exampleCount * size),
    })
    this.#block = block
    this.#kernelSize = countKernelNumbers(block)
    this.segments = [
      allocate(parameter, this.#kernelSize),
      ...(bias === undefined ? [] : [allocate(bias.parameter, columns)]),
    ]
  }

  /** @param matrix G, which other numbers may follow */
  write(example: number, matrix: Float64Array): void {
    const [kernel, bias] = this.segments
    const size = this.#kernelSize
    const values = kernel!.values.subarray(example * size, (example + 1) * size)
    if (isTransposed(this.#block)) {
      for (let k = 0; k < size; k++) values[k] = matrix[toMatrix(this.#block, k)]!
    } else values.set(matrix.subarray(0, size))
    bias?.values.set(matrix.subarray(size, size + bias.size), example * bias.size)
  }
}
