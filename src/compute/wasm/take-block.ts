import type {
  ConvolutionGeometry,
  ConvolutionSegment,
  FactoredSegment,
  GradientBlock,
  GradientSegment,
  RowsSegment,
} from '../../gradients/block.js'
import { extractPatches } from '../patches.js'
import type { HeldBlock, HeldFactored, HeldRows, HeldSegment } from './held-block.js'
import { blockLayout } from './held-block.js'
import type { WasmInstance } from './instance.js'
import { formFactored } from './products.js'
import { addSquaredNorms } from './squared-norms.js'

const floatSize = 4
const doubleSize = 8

/**
 * Copies a block into the instance's memory, each segment in its smaller form, each row scaled by a power of two so that its
 * products neither underflow nor overflow, with its squared norms.
 *
 * @throws MemoryError where memory does not suffice; what was allocated is free again
 */
export function takeBlock(
  instance: WasmInstance,
  { rowCount, segments }: GradientBlock,
): HeldBlock {
  const layout = blockLayout(rowCount, segments)
  const address = instance.allocate(layout.byteLength)
  try {
    instance.bytes.fill(0, address, address + layout.byteLength)
    const held = { ...layout, address }
    for (const [k, segment] of segments.entries()) {
      takeSegment(instance, held, segment, layout.segments[k]!)
    }
    addSquaredNorms(instance, held, address + held.squaredNorms)
    return held
  } catch (error) {
    instance.release(address)
    throw error
  }
}

type SetScale = (row: number, scale: number) => void

function takeSegment(
  instance: WasmInstance,
  { address, rowCount }: HeldBlock,
  segment: GradientSegment,
  held: HeldSegment,
): void {
  const setScale: SetScale = (row, scale) => {
    instance.doubles[(address + held.scales) / doubleSize + row] = scale
  }
  if (held.kind === 'dense') {
    const values = address + held.values
    if (segment.kind === 'dense') {
      copyRows(instance, segment.values, held.size, values, held.valuesStep)
    }
    for (let row = 0; row < rowCount; row++) {
      const to = values + row * held.valuesStep
      const scale = formRow(instance, segment, rowCount, row, to)
      setScale(row, scale * instance.kernels.normalize(to, held.valuesStep / floatSize))
    }
  } else if (held.kind === 'rows') {
    takeRows(instance, address, segment as RowsSegment, held, setScale)
  } else {
    takeFactored(instance, address, segment as FactoredSegment, held, rowCount, setScale)
  }
}

/** The gradient of one example, formed into zeros of the memory; returns what it is to be multiplied by. */
function formRow(
  instance: WasmInstance,
  segment: GradientSegment,
  rowCount: number,
  row: number,
  to: number,
): number {
  switch (segment.kind) {
    case 'dense':
      return 1
    case 'rows': {
      const { positions, rowSize, indices } = segment
      const picked = indices.subarray(row * positions, (row + 1) * positions)
      const rowBytes = rowSize * floatSize
      return withRow(instance, segment.delta, rowCount, row, (delta, scale) =>
        instance.withScratch(picked.byteLength, (copy) => {
          instance.integers.set(picked, copy / floatSize)
          instance.kernels.formLookedUp(copy, delta, rowBytes, positions, rowBytes, to)
          return scale
        }),
      )
    }
    default:
      return withRow(instance, segment.a, rowCount, row, (a, aScale) =>
        withRow(instance, segment.delta, rowCount, row, (delta, deltaScale) => {
          if (segment.kind === 'convolution') contract(instance, segment.geometry, a, delta, to)
          else {
            const { inputSize, outputSize } = segment
            const steps = { aStep: inputSize * floatSize, deltaStep: outputSize * floatSize }
            formFactored(instance, a, delta, { ...segment, ...steps }, to)
          }
          return aScale * deltaScale
        }),
      )
  }
}

/** Lends a row's numbers, copied and normalized, with what they are to be multiplied by. */
function withRow(
  instance: WasmInstance,
  numbers: Float32Array,
  rowCount: number,
  row: number,
  work: (address: number, scale: number) => number,
): number {
  const size = numbers.length / rowCount
  return instance.withScratch(size * floatSize, (address) => {
    instance.floats.set(numbers.subarray(row * size, (row + 1) * size), address / floatSize)
    return work(address, instance.kernels.normalize(address, size))
  })
}

function takeFactored(
  instance: WasmInstance,
  address: number,
  segment: FactoredSegment | ConvolutionSegment,
  { positions, ...held }: HeldFactored,
  rowCount: number,
  setScale: SetScale,
): void {
  const size = segment.a.length / rowCount
  for (let row = 0; row < rowCount; row++) {
    const example = segment.a.subarray(row * size, (row + 1) * size)
    const a = segment.kind === 'factored' ? example : extractPatches(example, segment.geometry, 1)
    const delta = segment.delta.subarray(
      row * positions * held.outputSize,
      (row + 1) * positions * held.outputSize,
    )
    const aAt = address + held.a + row * positions * held.aStep
    const deltaAt = address + held.delta + row * positions * held.deltaStep
    copyRows(instance, a, held.inputSize, aAt, held.aStep)
    copyRows(instance, delta, held.outputSize, deltaAt, held.deltaStep)
    const aScale = instance.kernels.normalize(aAt, (positions * held.aStep) / floatSize)
    const deltaScale = instance.kernels.normalize(deltaAt, (positions * held.deltaStep) / floatSize)
    setScale(row, aScale * deltaScale)
  }
}

function takeRows(
  instance: WasmInstance,
  address: number,
  { indices, delta }: RowsSegment,
  held: HeldRows,
  setScale: SetScale,
): void {
  const { positions, deltaStep } = held
  const deltaAt = address + held.delta
  instance.integers.set(indices, (address + held.indices) / floatSize)
  copyRows(instance, delta, held.rowSize, deltaAt, deltaStep)
  const numbers = (positions * deltaStep) / floatSize
  for (let row = 0; row * positions < indices.length; row++) {
    setScale(row, instance.kernels.normalize(deltaAt + row * positions * deltaStep, numbers))
  }
}

/** Copies rows of `size` numbers to where they stand `step` bytes apart. */
function copyRows(
  instance: WasmInstance,
  numbers: Float32Array,
  size: number,
  address: number,
  step: number,
): void {
  const { floats } = instance
  if (step === size * floatSize) {
    floats.set(numbers, address / floatSize)
    return
  }
  for (let start = 0, at = address; start < numbers.length; start += size, at += step) {
    floats.set(numbers.subarray(start, start + size), at / floatSize)
  }
}

function contract(
  { kernels }: WasmInstance,
  geometry: ConvolutionGeometry,
  a: number,
  delta: number,
  gradient: number,
): void {
  const { inHeight, inWidth, inChannels, filterHeight, filterWidth } = geometry
  const { outHeight, outWidth, outChannels } = geometry
  kernels.contract(
    ...([a, delta, gradient, inChannels * floatSize, outChannels * floatSize] as const),
    ...[inHeight, inWidth, inChannels, filterHeight, filterWidth, outHeight, outWidth, outChannels],
    ...[geometry.strideHeight, geometry.strideWidth],
    ...[geometry.dilationHeight, geometry.dilationWidth],
    ...[geometry.padTop, geometry.padLeft],
  )
}
