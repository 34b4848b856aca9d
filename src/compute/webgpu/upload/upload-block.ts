import { DeviceError, InvalidArgumentError } from '../../../errors.js'
import type { GpuGradientBlock, GradientBlock } from '../../../gradients/block.js'
import { getCompactByteLength } from '../../../gradients/compact-layout.js'
import type { Float16Block, Float16Values } from '../../../gradients/float16-block.js'
import type { Commands } from '../gpu/commands.js'
import { decodeFloat16Rows } from './decode-float16.js'
import type { GpuWork } from '../gpu/gpu-work.js'
import { GpuGradients } from '../webgpu-gradients.js'
import { findLargestRow, type RowsToUpload, uploadRows } from './upload-rows.js'
import { sliceBuffer } from './buffer-slice.js'
import type { Slab } from '../slab.js'

/** Uploads a block, in several slabs if its arrays are too long for one binding. */
export function uploadBlock(
  work: GpuWork,
  block: GradientBlock | Float16Block | GpuGradientBlock,
): GpuGradients {
  try {
    work.assertUsable()
    if ('gpuDevice' in block && block.gpuDevice !== work.device) {
      throw new InvalidArgumentError(
        'block',
        'buffers of another GPU device',
        'buffers of this one',
      )
    }
    return uploadSlabs(work, block)
  } finally {
    // All commands that read its buffers have been submitted.
    if ('gpuDevice' in block) block[Symbol.dispose]()
  }
}

function uploadSlabs(
  work: GpuWork,
  block: GradientBlock | Float16Block | GpuGradientBlock,
): GpuGradients {
  const { exampleCount, segments } = block
  const slabs: Slab[] = []
  const submitted: Promise<void>[] = []
  const slabRows = countRowsPerSlab(work, block)
  const created: GPUBuffer[] = []
  try {
    for (let rowStart = 0; rowStart < exampleCount; rowStart += slabRows) {
      const slabRowCount = Math.min(slabRows, exampleCount - rowStart)
      submitted.push(
        work.submit((commands) => {
          const uploaded = uploadRows(commands, {
            ...createSlabSource(work, commands, block, rowStart, slabRowCount),
            createBuffer: (byteLength) => {
              const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC
              const buffer = work.createBuffer(byteLength, usage | GPUBufferUsage.COPY_DST)
              created.push(buffer)
              return buffer
            },
          })
          slabs.push({ rowStart, exampleCount: slabRowCount, ...uploaded })
        }),
      )
    }
  } catch (error) {
    for (const buffer of created) work.destroyBuffer(buffer)
    throw error
  }
  const ready = Promise.all(submitted).then(() => undefined)
  // Each use of the result and settle() report the failure.
  ready.catch(() => undefined)
  return new GpuGradients(
    work,
    exampleCount,
    getCompactByteLength(exampleCount, segments),
    slabs,
    ready,
  )
}

type Numbers = Float32Array | Int32Array | Float16Values | GPUBuffer

function createSlabSource(
  { device }: GpuWork,
  commands: Commands,
  { segments }: GradientBlock | Float16Block | GpuGradientBlock,
  rowStart: number,
  exampleCount: number,
): Omit<RowsToUpload<Numbers>, 'createBuffer'> {
  return {
    exampleCount,
    segments,
    getSlice(numbers, rowSize) {
      if (numbers instanceof GPUBuffer) {
        return sliceBuffer(device, numbers, rowSize, rowStart, exampleCount)
      }
      const rowEnd = rowStart + exampleCount
      const rows = <Part extends Float32Array | Int32Array | Uint16Array>(whole: Part): Part =>
        whole.subarray(rowStart * rowSize, rowEnd * rowSize) as Part
      const buffer =
        'bits' in numbers
          ? decodeFloat16Rows(
              commands,
              { bits: rows(numbers.bits), exponents: numbers.exponents.subarray(rowStart, rowEnd) },
              rowSize,
            )
          : commands.upload(rows(numbers))
      return sliceBuffer(device, buffer, rowSize, 0, exampleCount)
    },
  }
}

/** Counts the examples whose arrays fit in a binding. @throws DeviceError if one does not fit */
function countRowsPerSlab(
  work: GpuWork,
  { segments }: GradientBlock | Float16Block | GpuGradientBlock,
): number {
  const { byteLength, parameter } = findLargestRow(segments)
  // A binding may start up to one alignment before its rows.
  const { minStorageBufferOffsetAlignment } = work.device.limits
  const rows = Math.floor((work.maxBindingBytes - minStorageBufferOffsetAlignment) / byteLength)
  if (rows > 0) return rows
  throw new DeviceError(
    'webgpu',
    `webgpu: the gradient of '${parameter}' for one example takes ${byteLength} bytes; this device's ` +
      `kernels can bind ${work.maxBindingBytes} at once. Use device 'wasm' for this model.`,
  )
}
