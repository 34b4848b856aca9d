import { DeviceError } from '../errors.js'
import type { GpuGradientBlock, GradientBlock, GradientSegment } from '../gradients/block.js'
import { bytesPerFloat32 } from '../gradients/numbers/byte-sizes.js'
import { waitForNextTask } from '../scheduling.js'

/** How many numbers of each array of a segment belong to one example. */
export function countPerExample(segment: GradientSegment<unknown, unknown>): {
  readonly a: number
  readonly delta: number
} {
  switch (segment.kind) {
    case 'dense':
      return { a: 0, delta: segment.size }
    case 'factored': {
      const { positions, inputSize, outputSize } = segment
      return { a: positions * inputSize, delta: positions * outputSize }
    }
    case 'lookup':
      return { a: segment.positions, delta: segment.positions * segment.rowSize }
    case 'convolution': {
      const g = segment.geometry
      return {
        a: g.inHeight * g.inWidth * g.inChannels,
        delta: g.outHeight * g.outWidth * g.outChannels,
      }
    }
  }
}

/**
 * Returns segments with the numbers of consecutive examples only, read from the GPU if they are there.
 *
 * @param end the example after the last one
 */
export async function readExamples(
  block: GradientBlock | GpuGradientBlock,
  segments: readonly GradientSegment<unknown, unknown>[],
  start: number,
  end: number,
): Promise<GradientSegment[]> {
  const read =
    'gpuDevice' in block
      ? async (buffer: unknown, perExample: number): Promise<ArrayBuffer> =>
          readBuffer(block.gpuDevice, buffer as GPUBuffer, start * perExample, end * perExample)
      : undefined
  const floats = async (array: unknown, perExample: number): Promise<Float32Array> =>
    read === undefined
      ? (array as Float32Array).subarray(start * perExample, end * perExample)
      : new Float32Array(await read(array, perExample))
  const integers = async (array: unknown, perExample: number): Promise<Int32Array> =>
    read === undefined
      ? (array as Int32Array).subarray(start * perExample, end * perExample)
      : new Int32Array(await read(array, perExample))
  return Promise.all(
    segments.map(async (segment): Promise<GradientSegment> => {
      const counts = countPerExample(segment)
      switch (segment.kind) {
        case 'dense':
          return { ...segment, values: await floats(segment.values, counts.delta) }
        case 'lookup':
          return {
            ...segment,
            indices: await integers(segment.indices, counts.a),
            delta: await floats(segment.delta, counts.delta),
          }
        case 'factored':
        case 'convolution':
          return {
            ...segment,
            a: await floats(segment.a, counts.a),
            delta: await floats(segment.delta, counts.delta),
          }
      }
    }),
  )
}

/** Frees the GPU buffers of a block that has some. */
export function disposeBlock(block: GradientBlock | GpuGradientBlock): void {
  if ('gpuDevice' in block) block[Symbol.dispose]()
}

async function readBuffer(
  device: GPUDevice,
  source: GPUBuffer,
  start: number,
  end: number,
): Promise<ArrayBuffer> {
  const size = (end - start) * bytesPerFloat32
  if (size === 0) return new ArrayBuffer(0)
  const lost = device.lost.then(({ reason, message }) => {
    throw new DeviceError('webgpu', `webgpu: the GPU device was lost (${reason}): ${message}`)
  })
  lost.catch(() => undefined)
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
  const staging = device.createBuffer({ size, usage })
  try {
    const encoder = device.createCommandEncoder()
    encoder.copyBufferToBuffer(source, start * bytesPerFloat32, staging, 0, size)
    device.queue.submit([encoder.finish()])
    try {
      await Promise.race([staging.mapAsync(GPUMapMode.READ), lost])
    } catch (error) {
      // A device that is being lost gives its reason a moment later.
      await Promise.race([waitForNextTask(), lost])
      throw error
    }
    return staging.getMappedRange().slice(0)
  } finally {
    staging.destroy()
  }
}
