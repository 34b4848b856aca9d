import type { CompactSegment } from '../../../gradients/block.js'
import type { Float16Block, Float16Values } from '../../../gradients/float16-block.js'
import {
  bytesPerFloat16,
  bytesPerFloat64,
  bytesPerInt32,
} from '../../../gradients/numbers/byte-sizes.js'
import type { WasmInstance } from '../instance.js'
import {
  type BlockPlacement,
  type PlacedBlock,
  type PlacedSegment,
  placeSegments,
} from './block-placement.js'
import { addSquaredNorms } from './squared-norms.js'

/** A block of float16 in an instance's memory. Its rows are padded as those of float32 are. */
export interface PlacedFloat16Block extends PlacedBlock {
  /** The segments that are scored without being decoded. */
  readonly ordinary: ReadonlySet<PlacedSegment>
}

export const isPlacedFloat16 = (
  block: PlacedBlock | PlacedFloat16Block,
): block is PlacedFloat16Block => 'ordinary' in block

/**
 * Copies a block into the instance's memory, with its squared norms.
 *
 * @throws MemoryError if there is not enough memory; everything allocated is released
 */
export function copyFloat16Block(
  instance: WasmInstance,
  { exampleCount, segments }: Float16Block,
): PlacedFloat16Block {
  const layout = placeSegments(exampleCount, segments, bytesPerFloat16)
  const address = instance.allocate(layout.byteLength)
  try {
    const ordinary = new Set<PlacedSegment>()
    const block = { ...layout, address, ordinary }
    for (const [k, segment] of segments.entries()) {
      const placed = layout.segments[k]!
      if (copySegment(instance, block, segment, placed)) ordinary.add(placed)
    }
    setSquaredNorms(instance, block)
    return block
  } catch (error) {
    instance.release(address)
    throw error
  }
}

/** Copies a segment. Returns true if it can be scored without being decoded. */
function copySegment(
  instance: WasmInstance,
  { address, exampleCount }: PlacedBlock,
  segment: CompactSegment<Float16Values>,
  placed: PlacedSegment,
): boolean {
  const exponents: Int16Array[] = []
  const copy = (numbers: Float16Values, size: number, at: number, step: number): boolean => {
    exponents.push(numbers.exponents)
    return copyRows(instance, numbers.bits, size, address + at, step)
  }
  let isOrdinary = false
  if (segment.kind === 'dense' && placed.kind === 'dense') {
    isOrdinary = copy(segment.values, placed.size, placed.values, placed.valuesStep)
  } else if (segment.kind === 'factored' && placed.kind === 'factored') {
    const isOrdinaryInput = copy(segment.a, placed.inputSize, placed.a, placed.aStep)
    isOrdinary =
      copy(segment.delta, placed.outputSize, placed.delta, placed.deltaStep) && isOrdinaryInput
  } else if (segment.kind === 'lookup' && placed.kind === 'lookup') {
    instance.integers.set(segment.indices, (address + placed.indices) / bytesPerInt32)
    copy(segment.delta, placed.rowSize, placed.delta, placed.deltaStep)
  }
  const scales = (address + placed.scales) / bytesPerFloat64
  const { doubles } = instance
  const [first, second] = exponents
  for (let row = 0; row < exampleCount; row++) {
    const exponent = first![row]! + (second?.[row] ?? 0)
    doubles[scales + row] = powersOfTwo[exponent + largestPower] ?? 2 ** exponent
  }
  return isOrdinary
}

/** Copies rows of `size` numbers to places `step` bytes apart. Returns true if all are ordinary. */
function copyRows(
  instance: WasmInstance,
  bits: Uint16Array,
  size: number,
  address: number,
  step: number,
): boolean {
  const byteLength = (bits.length / size) * step
  const from = new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength)
  const rowBytes = size * bytesPerFloat16
  if (step === rowBytes) instance.bytes.set(from, address)
  else {
    instance.bytes.fill(0, address, address + byteLength)
    for (let start = 0, at = address; start < from.length; start += rowBytes, at += step) {
      instance.bytes.set(from.subarray(start, start + rowBytes), at)
    }
  }
  return instance.kernels.isOrdinaryFloat16(address, byteLength) !== 0
}

/** Computes the squared norms from decoded numbers, in parts. */
function setSquaredNorms(instance: WasmInstance, block: PlacedFloat16Block): void {
  const { address, exampleCount, squaredNorms, segments } = block
  const first = (address + squaredNorms) / bytesPerFloat64
  instance.doubles.fill(0, first, first + exampleCount)
  const parameters = new Set(segments.map(({ parameter }) => parameter))
  for (const name of parameters) {
    const own = segments.filter(({ parameter }) => parameter === name)
    decodeParts(instance, block, own, (part, start) => {
      addSquaredNorms(instance, part, address + squaredNorms + start * bytesPerFloat64)
    })
  }
}

/**
 * Decodes segments, a few examples at a time, so that they stay in a core's cache while they are
 * used.
 *
 * @throws MemoryError
 */
export function decodeParts(
  instance: WasmInstance,
  block: PlacedBlock,
  segments: readonly PlacedSegment[],
  work: (part: PlacedBlock, start: number) => void,
): void {
  const rowBytes = placeSegments(1, segments).byteLength
  const fitting = Math.max(1, Math.floor(partBytes / rowBytes))
  // The kernels process four examples at a time.
  const count = Math.min(block.exampleCount, fitting < 4 ? fitting : fitting & ~3)
  const layout = placeSegments(count, segments)
  instance.withScratch(layout.byteLength, (address) => {
    for (let start = 0; start < block.exampleCount; start += count) {
      const rows = Math.min(count, block.exampleCount - start)
      work(decode(instance, block, segments, [start, rows], { ...layout, address }), start)
    }
  })
}

/**
 * Decodes the whole block to float32 in the instance's memory.
 *
 * @throws MemoryError
 */
export function decodeFloat16Block(instance: WasmInstance, block: PlacedFloat16Block): PlacedBlock {
  const { exampleCount, segments } = block
  const layout = placeSegments(exampleCount, segments)
  const place = { ...layout, address: instance.allocate(layout.byteLength) }
  const norms = block.address + block.squaredNorms
  const normBytes = exampleCount * bytesPerFloat64
  instance.bytes.copyWithin(place.address + place.squaredNorms, norms, norms + normBytes)
  return decode(instance, block, segments, [0, exampleCount], place)
}

/** Decodes `count` examples from `start` on, into the place of a block of as many examples or more. */
function decode(
  instance: WasmInstance,
  block: PlacedBlock,
  segments: readonly PlacedSegment[],
  [start, count]: readonly [number, number],
  place: BlockPlacement & { readonly address: number },
): PlacedBlock {
  const { bytes, kernels } = instance
  const copy = (from: number, to: number, bytesPerExample: number): void => {
    const first = block.address + from + start * bytesPerExample
    bytes.copyWithin(place.address + to, first, first + count * bytesPerExample)
  }
  const decodeRows = (from: number, step: number, to: number, toStep: number, rows = 1): void => {
    const first = block.address + from + start * rows * step
    kernels.decodeFloat16Rows(first, step, count * rows, place.address + to, toStep)
  }
  for (const [k, from] of segments.entries()) {
    const to = place.segments[k]!
    copy(from.scales, to.scales, bytesPerFloat64)
    if (from.kind === 'dense' && to.kind === 'dense') {
      decodeRows(from.values, from.valuesStep, to.values, to.valuesStep)
    } else if (from.kind === 'factored' && to.kind === 'factored') {
      decodeRows(from.a, from.aStep, to.a, to.aStep, from.positions)
      decodeRows(from.delta, from.deltaStep, to.delta, to.deltaStep, from.positions)
    } else if (from.kind === 'lookup' && to.kind === 'lookup') {
      copy(from.indices, to.indices, from.positions * bytesPerInt32)
      decodeRows(from.delta, from.deltaStep, to.delta, to.deltaStep, from.positions)
    }
  }
  return { ...place, exampleCount: count }
}

/** The largest exponent in the table: it covers all exponents of float32 numbers, and sums of two. */
const largestPower = 400
const powersOfTwo = Float64Array.from(
  { length: 2 * largestPower + 1 },
  (_, k) => 2 ** (k - largestPower),
)

/** Decoded bytes that fit in a core's own cache, together with the examples that they are multiplied with. */
const partBytes = 2 ** 18
