import { DeviceError, InvalidArgumentError } from '../../errors.js'
import type { GpuGradientBlock, GradientBlock } from '../../gradients/block.js'
import { heldByteLength } from '../compact-form.js'
import type { HalfBlock, HalfFloats } from '../half-block.js'
import type { Commands } from './commands.js'
import { decodeHalf } from './decode-half.js'
import type { GpuWork } from './gpu-work.js'
import { GpuGradients } from './held-gradients.js'
import type { RowsToHold } from './hold-rows.js'
import { holdRows, largestRowBytes } from './hold-rows.js'
import { rowsOfBuffer } from './rows-of-buffer.js'
import type { Slab } from './slab.js'

/** Submits what makes held gradients of a block, slab by slab where its arrays are longer than a binding may be. */
export function holdBlock(
  work: GpuWork,
  block: GradientBlock | HalfBlock | GpuGradientBlock,
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
    return holdSlabs(work, block)
  } finally {
    // All commands that read its buffers have been submitted.
    if ('gpuDevice' in block) block[Symbol.dispose]()
  }
}

function holdSlabs(
  work: GpuWork,
  block: GradientBlock | HalfBlock | GpuGradientBlock,
): GpuGradients {
  const { rowCount, segments } = block
  const slabs: Slab[] = []
  const submitted: Promise<void>[] = []
  const slabRows = rowsPerSlab(work, block)
  const created: GPUBuffer[] = []
  try {
    for (let rowStart = 0; rowStart < rowCount; rowStart += slabRows) {
      const slabRowCount = Math.min(slabRows, rowCount - rowStart)
      submitted.push(
        work.submit((commands) => {
          const held = holdRows(commands, {
            ...slabSource(work, commands, block, rowStart, slabRowCount),
            createBuffer: (byteLength) => {
              const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC
              const buffer = work.createBuffer(byteLength, usage | GPUBufferUsage.COPY_DST)
              created.push(buffer)
              return buffer
            },
          })
          slabs.push({ rowStart, rowCount: slabRowCount, ...held })
        }),
      )
    }
  } catch (error) {
    for (const buffer of created) work.destroyBuffer(buffer)
    throw error
  }
  const ready = Promise.all(submitted).then(() => undefined)
  // Who uses the result hears of it, and so does settle().
  ready.catch(() => undefined)
  return new GpuGradients(work, rowCount, heldByteLength(rowCount, segments), slabs, ready)
}

type Numbers = Float32Array | Int32Array | HalfFloats | GPUBuffer

function slabSource(
  { device }: GpuWork,
  commands: Commands,
  { segments }: GradientBlock | HalfBlock | GpuGradientBlock,
  rowStart: number,
  rowCount: number,
): Omit<RowsToHold<Numbers>, 'createBuffer'> {
  return {
    rowCount,
    segments,
    rowsOf(numbers, rowSize) {
      if (numbers instanceof GPUBuffer) {
        return rowsOfBuffer(device, numbers, rowSize, rowStart, rowCount)
      }
      const rowEnd = rowStart + rowCount
      const rows = <Part extends Float32Array | Int32Array | Uint16Array>(whole: Part): Part =>
        whole.subarray(rowStart * rowSize, rowEnd * rowSize) as Part
      const buffer =
        'bits' in numbers
          ? decodeHalf(
              commands,
              { bits: rows(numbers.bits), exponents: numbers.exponents.subarray(rowStart, rowEnd) },
              rowSize,
            )
          : commands.upload(rows(numbers))
      return rowsOfBuffer(device, buffer, rowSize, 0, rowCount)
    },
  }
}

/** As many rows as kernels can have at once. @throws DeviceError if not even one */
function rowsPerSlab(
  work: GpuWork,
  { segments }: GradientBlock | HalfBlock | GpuGradientBlock,
): number {
  const { byteLength, parameter } = largestRowBytes(segments)
  // A binding of borrowed rows may start up to one alignment before them.
  const { minStorageBufferOffsetAlignment } = work.device.limits
  const rows = Math.floor((work.maxBindingBytes - minStorageBufferOffsetAlignment) / byteLength)
  if (rows > 0) return rows
  throw new DeviceError(
    'webgpu',
    `webgpu: the gradient of '${parameter}' for one example takes ${String(byteLength)} bytes; this device's ` +
      `kernels can have ${String(work.maxBindingBytes)} at once. Use device 'wasm' for this model.`,
  )
}
