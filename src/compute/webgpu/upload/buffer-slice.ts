/** Rows of numbers in a part of a buffer. */
export interface BufferSlice {
  readonly binding: GPUBufferBinding
  /** The index in the binding at which the first row starts. */
  readonly first: number
  readonly exampleCount: number
  /** Numbers of four bytes. */
  readonly rowSize: number
}

/** Slices `exampleCount` rows from `rowStart` on. A binding starts at a multiple of the device's alignment. */
export function sliceBuffer(
  { limits }: GPUDevice,
  buffer: GPUBuffer,
  rowSize: number,
  rowStart: number,
  exampleCount: number,
): BufferSlice {
  const start = rowStart * rowSize * 4
  const offset = start - (start % limits.minStorageBufferOffsetAlignment)
  const size = start + exampleCount * rowSize * 4 - offset
  return { binding: { buffer, offset, size }, first: (start - offset) / 4, exampleCount, rowSize }
}
