import type { CompactSegment } from '../../../gradients/block.js'
import { listBlockBuffers } from '../../../gradients/release-block.js'
import type { Float16Block, Float16Values } from '../../../gradients/float16-block.js'
import {
  type BlockPlacement,
  type PlacedBlock,
  placeSegments,
  getRowStep,
} from './block-placement.js'
import type { WasmInstance } from '../instance.js'
import { addSquaredNorms } from './squared-norms.js'
import { bytesPerFloat64, bytesPerInt32 } from '../../../gradients/numbers/byte-sizes.js'

type Float16Segment = CompactSegment<Float16Values>

/**
 * A block of float16 in its original arrays. Only the part in use is copied into the instance's memory, which never
 * shrinks.
 */
export interface HostFloat16Block {
  readonly exampleCount: number
  /** The segments, grouped by parameter. */
  readonly parameters: readonly (readonly Float16Segment[])[]
  /** ‖g‖² per example; undefined until they are computed. */
  squaredNorms: Float64Array | undefined
}

export const isHostFloat16Block = (
  block: PlacedBlock | HostFloat16Block,
): block is HostFloat16Block => 'parameters' in block

export function groupFloat16Block({ exampleCount, segments }: Float16Block): HostFloat16Block {
  const byParameter = new Map<string, Float16Segment[]>()
  for (const segment of segments) {
    const own = byParameter.get(segment.parameter) ?? []
    byParameter.set(segment.parameter, own)
    own.push(segment)
  }
  return { exampleCount, parameters: [...byParameter.values()], squaredNorms: undefined }
}

/** The buffers of its numbers. */
export const listFloat16Buffers = ({ exampleCount, parameters }: HostFloat16Block): ArrayBuffer[] =>
  listBlockBuffers({ exampleCount, segments: parameters.flat() })

/**
 * Decodes the segments of one parameter, a few examples at a time, so that they stay in a core's cache while they are used.
 *
 * @throws MemoryError
 */
export function decodeParts(
  instance: WasmInstance,
  { exampleCount }: HostFloat16Block,
  segments: readonly Float16Segment[],
  work: (part: PlacedBlock, start: number) => void,
): void {
  const rowBytes = placeSegments(1, segments).byteLength
  const fitting = Math.max(1, Math.floor(partBytes / rowBytes))
  // The kernels process four examples at a time.
  const count = Math.min(exampleCount, fitting < 4 ? fitting : fitting & ~3)
  const layout = placeSegments(count, segments)
  instance.withScratch(layout.byteLength, (address) => {
    for (let start = 0; start < exampleCount; start += count) {
      const rows = Math.min(count, exampleCount - start)
      work(decode(instance, exampleCount, segments, [start, rows], { ...layout, address }), start)
    }
  })
}

/** Computes ‖g‖² per example, or returns them if they are known. */
export function computeFloat16Norms(
  instance: WasmInstance,
  float16Block: HostFloat16Block,
): Float64Array {
  if (float16Block.squaredNorms !== undefined) return float16Block.squaredNorms
  const norms = new Float64Array(float16Block.exampleCount)
  for (const segments of float16Block.parameters) {
    decodeParts(instance, float16Block, segments, (part, start) => {
      addPartNorms(instance, part, start, norms)
    })
  }
  float16Block.squaredNorms = norms
  return norms
}

/** Adds the contribution of a part to the squared norms of its examples. */
export function addPartNorms(
  instance: WasmInstance,
  part: PlacedBlock,
  start: number,
  norms: Float64Array,
): void {
  const sums = part.address + part.squaredNorms
  const first = sums / bytesPerFloat64
  instance.doubles.fill(0, first, first + part.exampleCount)
  addSquaredNorms(instance, part, sums)
  const { doubles } = instance
  for (let row = 0; row < part.exampleCount; row++) norms[start + row]! += doubles[first + row]!
}

/**
 * Decodes the whole block to float32 in the instance's memory.
 *
 * @throws MemoryError
 */
export function decodeFloat16Block(
  instance: WasmInstance,
  float16Block: HostFloat16Block,
): PlacedBlock {
  const norms = computeFloat16Norms(instance, float16Block)
  const segments = float16Block.parameters.flat()
  const layout = placeSegments(float16Block.exampleCount, segments)
  const place = { ...layout, address: instance.allocate(layout.byteLength) }
  const placed = decode(
    instance,
    float16Block.exampleCount,
    segments,
    [0, float16Block.exampleCount],
    place,
  )
  instance.doubles.set(norms, (placed.address + placed.squaredNorms) / bytesPerFloat64)
  return placed
}

/** Decodes `count` examples from `start` on, into the place of a block of as many examples or more. */
function decode(
  instance: WasmInstance,
  exampleCount: number,
  segments: readonly Float16Segment[],
  [start, count]: readonly [number, number],
  place: BlockPlacement & { readonly address: number },
): PlacedBlock {
  const { address } = place
  for (const [k, segment] of segments.entries()) {
    const placed = place.segments[k]!
    const exponents: Int16Array[] = []
    const decodeRows = (numbers: Float16Values, size: number, to: number): void => {
      exponents.push(numbers.exponents)
      decodeNumbers(instance, numbers.bits, exampleCount, [start, count], size, address + to)
    }
    if (segment.kind === 'dense' && placed.kind === 'dense') {
      decodeRows(segment.values, placed.size, placed.values)
    } else if (segment.kind === 'factored' && placed.kind === 'factored') {
      decodeRows(segment.a, placed.inputSize, placed.a)
      decodeRows(segment.delta, placed.outputSize, placed.delta)
    } else if (segment.kind === 'lookup' && placed.kind === 'lookup') {
      const { positions } = segment
      const indices = segment.indices.subarray(start * positions, (start + count) * positions)
      instance.integers.set(indices, (address + placed.indices) / bytesPerInt32)
      decodeRows(segment.delta, placed.rowSize, placed.delta)
    }
    const scales = (address + placed.scales) / bytesPerFloat64
    const { doubles } = instance
    const [first, second] = exponents
    for (let row = 0; row < count; row++) {
      const exponent = first![start + row]! + (second?.[start + row] ?? 0)
      doubles[scales + row] = powersOfTwo[exponent + largestPower] ?? 2 ** exponent
    }
  }
  return { ...place, exampleCount: count }
}

/** Decodes these examples of an array, `size` numbers per row; each row starts at a multiple of 16 bytes. */
function decodeNumbers(
  instance: WasmInstance,
  bits: Uint16Array,
  exampleCount: number,
  [start, count]: readonly [number, number],
  size: number,
  to: number,
): void {
  const perRow = bits.length / exampleCount
  const own = bits.subarray(start * perRow, (start + count) * perRow)
  // The kernel reads past the last number.
  instance.withScratch(own.byteLength + 16, (from) => {
    instance.bytes.set(new Uint8Array(own.buffer, own.byteOffset, own.byteLength), from)
    instance.kernels.decodeFloat16Rows(from, size, own.length / size, to, getRowStep(size))
  })
}

/** The largest exponent in the table: it covers all exponents of float32 numbers, and sums of two. */
const largestPower = 400
const powersOfTwo = Float64Array.from(
  { length: 2 * largestPower + 1 },
  (_, k) => 2 ** (k - largestPower),
)

/** Decoded bytes that fit in a core's own cache, together with the examples that they are multiplied with. */
const partBytes = 2 ** 18
