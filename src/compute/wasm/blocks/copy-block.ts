import type {
  ConvolutionGeometry,
  ConvolutionSegment,
  FactoredSegment,
  GradientBlock,
  GradientSegment,
  LookupSegment,
} from '../../../gradients/block.js'
import { extractPatches } from '../../../gradients/patches.js'
import {
  placeBlock,
  type PlacedBlock,
  type PlacedFactored,
  type PlacedLookup,
  type PlacedSegment,
} from './block-placement.js'
import type { WasmInstance } from '../instance.js'
import { materializeFactored } from './products.js'
import { addSquaredNorms } from './squared-norms.js'
import { bytesPerFloat64, bytesPerFloat32 } from '../../../gradients/numbers/byte-sizes.js'

/**
 * Copies a block into the instance's memory, each segment in its smaller layout, with its squared norms. Each example is
 * scaled by a power of two, so that its products neither underflow nor overflow.
 *
 * @throws MemoryError if there is not enough memory; everything allocated is released
 */
export function copyBlock(
  instance: WasmInstance,
  { exampleCount, segments }: GradientBlock,
): PlacedBlock {
  const layout = placeBlock(exampleCount, segments)
  const address = instance.allocate(layout.byteLength)
  try {
    instance.bytes.fill(0, address, address + layout.byteLength)
    const placed = { ...layout, address }
    for (const [k, segment] of segments.entries()) {
      copySegment(instance, placed, segment, layout.segments[k]!)
    }
    addSquaredNorms(instance, placed, address + placed.squaredNorms)
    return placed
  } catch (error) {
    instance.release(address)
    throw error
  }
}

type SetScale = (row: number, scale: number) => void

function copySegment(
  instance: WasmInstance,
  { address, exampleCount }: PlacedBlock,
  segment: GradientSegment,
  placed: PlacedSegment,
): void {
  const setScale: SetScale = (row, scale) => {
    instance.doubles[(address + placed.scales) / bytesPerFloat64 + row] = scale
  }
  if (placed.kind === 'dense') {
    const values = address + placed.values
    if (segment.kind === 'dense') {
      copyRows(instance, segment.values, placed.size, values, placed.valuesStep)
    }
    for (let row = 0; row < exampleCount; row++) {
      const to = values + row * placed.valuesStep
      const scale = materializeExample(instance, segment, exampleCount, row, to)
      setScale(row, scale * instance.kernels.normalize(to, placed.valuesStep / bytesPerFloat32))
    }
  } else if (placed.kind === 'lookup') {
    copyLookup(instance, address, segment as LookupSegment, placed, setScale)
  } else {
    copyFactored(instance, address, segment as FactoredSegment, placed, exampleCount, setScale)
  }
}

/** Materializes the gradient of one example into zeros of the memory, and returns the factor that it lacks. */
function materializeExample(
  instance: WasmInstance,
  segment: GradientSegment,
  exampleCount: number,
  row: number,
  to: number,
): number {
  switch (segment.kind) {
    case 'dense':
      return 1
    case 'lookup': {
      const { positions, rowSize, indices } = segment
      const picked = indices.subarray(row * positions, (row + 1) * positions)
      const rowBytes = rowSize * bytesPerFloat32
      return withNormalizedExample(instance, segment.delta, exampleCount, row, (delta, scale) =>
        instance.withScratch(picked.byteLength, (copy) => {
          instance.integers.set(picked, copy / bytesPerFloat32)
          instance.kernels.materializeLookup(copy, delta, rowBytes, positions, rowBytes, to)
          return scale
        }),
      )
    }
    default:
      return withNormalizedExample(instance, segment.a, exampleCount, row, (a, aScale) =>
        withNormalizedExample(instance, segment.delta, exampleCount, row, (delta, deltaScale) => {
          if (segment.kind === 'convolution') contract(instance, segment.geometry, a, delta, to)
          else {
            const { inputSize, outputSize } = segment
            const steps = {
              aStep: inputSize * bytesPerFloat32,
              deltaStep: outputSize * bytesPerFloat32,
            }
            materializeFactored(instance, a, delta, { ...segment, ...steps }, to)
          }
          return aScale * deltaScale
        }),
      )
  }
}

/** Runs `work` with a normalized copy of an example's numbers, and the factor that they lack. */
function withNormalizedExample(
  instance: WasmInstance,
  numbers: Float32Array,
  exampleCount: number,
  row: number,
  work: (address: number, scale: number) => number,
): number {
  const size = numbers.length / exampleCount
  return instance.withScratch(size * bytesPerFloat32, (address) => {
    instance.floats.set(numbers.subarray(row * size, (row + 1) * size), address / bytesPerFloat32)
    return work(address, instance.kernels.normalize(address, size))
  })
}

function copyFactored(
  instance: WasmInstance,
  address: number,
  segment: FactoredSegment | ConvolutionSegment,
  { positions, ...placed }: PlacedFactored,
  exampleCount: number,
  setScale: SetScale,
): void {
  const size = segment.a.length / exampleCount
  for (let row = 0; row < exampleCount; row++) {
    const example = segment.a.subarray(row * size, (row + 1) * size)
    const a = segment.kind === 'factored' ? example : extractPatches(example, segment.geometry, 1)
    const delta = segment.delta.subarray(
      row * positions * placed.outputSize,
      (row + 1) * positions * placed.outputSize,
    )
    const aAt = address + placed.a + row * positions * placed.aStep
    const deltaAt = address + placed.delta + row * positions * placed.deltaStep
    copyRows(instance, a, placed.inputSize, aAt, placed.aStep)
    copyRows(instance, delta, placed.outputSize, deltaAt, placed.deltaStep)
    const aScale = instance.kernels.normalize(aAt, (positions * placed.aStep) / bytesPerFloat32)
    const deltaScale = instance.kernels.normalize(
      deltaAt,
      (positions * placed.deltaStep) / bytesPerFloat32,
    )
    setScale(row, aScale * deltaScale)
  }
}

function copyLookup(
  instance: WasmInstance,
  address: number,
  { indices, delta }: LookupSegment,
  placed: PlacedLookup,
  setScale: SetScale,
): void {
  const { positions, deltaStep } = placed
  const deltaAt = address + placed.delta
  instance.integers.set(indices, (address + placed.indices) / bytesPerFloat32)
  copyRows(instance, delta, placed.rowSize, deltaAt, deltaStep)
  const numbers = (positions * deltaStep) / bytesPerFloat32
  for (let row = 0; row * positions < indices.length; row++) {
    setScale(row, instance.kernels.normalize(deltaAt + row * positions * deltaStep, numbers))
  }
}

/** Copies rows of `size` numbers to places `step` bytes apart. */
function copyRows(
  instance: WasmInstance,
  numbers: Float32Array,
  size: number,
  address: number,
  step: number,
): void {
  const { floats } = instance
  if (step === size * bytesPerFloat32) {
    floats.set(numbers, address / bytesPerFloat32)
    return
  }
  for (let start = 0, at = address; start < numbers.length; start += size, at += step) {
    floats.set(numbers.subarray(start, start + size), at / bytesPerFloat32)
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
    ...([a, delta, gradient, inChannels * bytesPerFloat32, outChannels * bytesPerFloat32] as const),
    ...[inHeight, inWidth, inChannels, filterHeight, filterWidth, outHeight, outWidth, outChannels],
    ...[geometry.strideHeight, geometry.strideWidth],
    ...[geometry.dilationHeight, geometry.dilationWidth],
    ...[geometry.padTop, geometry.padLeft],
  )
}
