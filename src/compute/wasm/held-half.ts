import type { CompactSegment } from '../compact.js'
import { blockBuffers } from '../give-back.js'
import type { HalfBlock, HalfFloats } from '../half-block.js'
import type { BlockLayout, HeldBlock } from './held-block.js'
import { formsLayout, rowStep } from './held-block.js'
import type { WasmInstance } from './instance.js'
import { addSquaredNorms } from './squared-norms.js'

type HalfSegment = CompactSegment<HalfFloats>

/**
 * A block of float16 beside an instance, in the arrays in which it came: only what is being worked with is in the
 * instance's memory, which never shrinks.
 */
export interface HeldHalf {
  readonly rowCount: number
  /** The segments, those of one parameter together. */
  readonly parameters: readonly (readonly HalfSegment[])[]
  /** ‖g‖² per row, once they are known. */
  squaredNorms: Float64Array | undefined
}

export const isHeldHalf = (block: HeldBlock | HeldHalf): block is HeldHalf => 'parameters' in block

export function takeHalf({ rowCount, segments }: HalfBlock): HeldHalf {
  const byParameter = new Map<string, HalfSegment[]>()
  for (const segment of segments) {
    const own = byParameter.get(segment.parameter) ?? []
    byParameter.set(segment.parameter, own)
    own.push(segment)
  }
  return { rowCount, parameters: [...byParameter.values()], squaredNorms: undefined }
}

/** The buffers in which its numbers came. */
export const halfBuffers = ({ rowCount, parameters }: HeldHalf): ArrayBuffer[] =>
  blockBuffers({ rowCount, segments: parameters.flat() })

/**
 * Decodes the segments of one parameter, some rows at a time, so few that they stay in a core's cache while they are worked
 * with.
 *
 * @throws MemoryError
 */
export function eachPart(
  instance: WasmInstance,
  { rowCount }: HeldHalf,
  segments: readonly HalfSegment[],
  work: (part: HeldBlock, start: number) => void,
): void {
  const rowBytes = formsLayout(1, segments).byteLength
  const fitting = Math.max(1, Math.floor(partBytes / rowBytes))
  // The kernels take rows four at a time.
  const count = Math.min(rowCount, fitting < 4 ? fitting : fitting & ~3)
  const layout = formsLayout(count, segments)
  instance.withScratch(layout.byteLength, (address) => {
    for (let start = 0; start < rowCount; start += count) {
      const rows = Math.min(count, rowCount - start)
      work(decode(instance, rowCount, segments, [start, rows], { ...layout, address }), start)
    }
  })
}

/** Computes ‖g‖² per row, unless they are known. */
export function halfNorms(instance: WasmInstance, half: HeldHalf): Float64Array {
  if (half.squaredNorms !== undefined) return half.squaredNorms
  const norms = new Float64Array(half.rowCount)
  for (const segments of half.parameters) {
    eachPart(instance, half, segments, (part, start) => {
      addPartNorms(instance, part, start, norms)
    })
  }
  half.squaredNorms = norms
  return norms
}

/** Adds what a part contributes to the squared norms of its rows. */
export function addPartNorms(
  instance: WasmInstance,
  part: HeldBlock,
  start: number,
  norms: Float64Array,
): void {
  const sums = part.address + part.squaredNorms
  const first = sums / doubleSize
  instance.doubles.fill(0, first, first + part.rowCount)
  addSquaredNorms(instance, part, sums)
  const { doubles } = instance
  for (let row = 0; row < part.rowCount; row++) norms[start + row]! += doubles[first + row]!
}

/**
 * The whole block in float32, in the instance's memory.
 *
 * @throws MemoryError
 */
export function decodeHalf(instance: WasmInstance, half: HeldHalf): HeldBlock {
  const norms = halfNorms(instance, half)
  const segments = half.parameters.flat()
  const layout = formsLayout(half.rowCount, segments)
  const place = { ...layout, address: instance.allocate(layout.byteLength) }
  const held = decode(instance, half.rowCount, segments, [0, half.rowCount], place)
  instance.doubles.set(norms, (held.address + held.squaredNorms) / doubleSize)
  return held
}

/** `count` rows from `start` on, where a block of as many rows or more has its place. */
function decode(
  instance: WasmInstance,
  rowCount: number,
  segments: readonly HalfSegment[],
  [start, count]: readonly [number, number],
  place: BlockLayout & { readonly address: number },
): HeldBlock {
  const { address } = place
  for (const [k, segment] of segments.entries()) {
    const held = place.segments[k]!
    const exponents: Int16Array[] = []
    const decodeRows = (numbers: HalfFloats, size: number, to: number): void => {
      exponents.push(numbers.exponents)
      decodeNumbers(instance, numbers.bits, rowCount, [start, count], size, address + to)
    }
    if (segment.kind === 'dense' && held.kind === 'dense') {
      decodeRows(segment.values, held.size, held.values)
    } else if (segment.kind === 'factored' && held.kind === 'factored') {
      decodeRows(segment.a, held.inputSize, held.a)
      decodeRows(segment.delta, held.outputSize, held.delta)
    } else if (segment.kind === 'rows' && held.kind === 'rows') {
      const { positions } = segment
      const indices = segment.indices.subarray(start * positions, (start + count) * positions)
      instance.integers.set(indices, (address + held.indices) / indexSize)
      decodeRows(segment.delta, held.rowSize, held.delta)
    }
    const scales = (address + held.scales) / doubleSize
    const { doubles } = instance
    const [first, second] = exponents
    for (let row = 0; row < count; row++) {
      const exponent = first![start + row]! + (second?.[start + row] ?? 0)
      doubles[scales + row] = powersOfTwo[exponent + largestPower] ?? 2 ** exponent
    }
  }
  return { ...place, rowCount: count }
}

/** These rows of an array, `size` numbers at a time from multiples of 16 bytes on. */
function decodeNumbers(
  instance: WasmInstance,
  bits: Uint16Array,
  rowCount: number,
  [start, count]: readonly [number, number],
  size: number,
  to: number,
): void {
  const perRow = bits.length / rowCount
  const own = bits.subarray(start * perRow, (start + count) * perRow)
  // Decoding reads on behind the last number.
  instance.withScratch(own.byteLength + 16, (from) => {
    instance.bytes.set(new Uint8Array(own.buffer, own.byteOffset, own.byteLength), from)
    instance.kernels.decodeHalf(from, size, own.length / size, to, rowStep(size))
  })
}

/** Those of all exponents that float32 numbers have, and of their sums. */
const largestPower = 400
const powersOfTwo = Float64Array.from(
  { length: 2 * largestPower + 1 },
  (_, k) => 2 ** (k - largestPower),
)

/** What stays in a core's own cache, decoded, beside the rows that it is multiplied with. */
const partBytes = 2 ** 18

const indexSize = 4
const doubleSize = 8
