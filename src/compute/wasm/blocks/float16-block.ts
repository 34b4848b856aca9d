import type { CompactSegment } from '../../../gradients/block.js'
import type { Float16Block, Float16Values } from '../../../gradients/float16-block.js'
import { bytesPerFloat64, bytesPerInt32 } from '../../../gradients/numbers/byte-sizes.js'
import { listBlockBuffers } from '../../../gradients/release-block.js'
import type { WasmInstance } from '../instance.js'
import {
  type BlockPlacement,
  float16Rows,
  type PlacedBlock,
  placeSegments,
} from './block-placement.js'
import { addFloat16Squares, hasFloat16Squares } from './float16-squares.js'
import { addSquaredNorms } from './squared-norms.js'

type Float16Segment = CompactSegment<Float16Values>

/**
 * A block of float16 in its original arrays. Only the part in use is copied into the instance's memory, which never
 * shrinks.
 */
export interface HostFloat16Block {
  readonly exampleCount: number
  readonly parameters: readonly Float16Parameter[]
  /** ‖g‖² per example; undefined until they are computed. */
  squaredNorms: Float64Array | undefined
}

/** The segments of one parameter. */
export interface Float16Parameter {
  readonly segments: readonly Float16Segment[]
  /** True if the kernels of float16 can read all its numbers; undefined until they were looked at. */
  isOrdinary: boolean | undefined
}

/** A few examples of one parameter in the instance's memory, in float16. */
export interface Float16Part extends PlacedBlock {
  /** The first example. */
  readonly start: number
  readonly isOrdinary: boolean
  /** Places its numbers in float32. */
  readonly decoded: BlockPlacement
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
  const parameters = [...byParameter.values()].map((own) => ({
    segments: own,
    isOrdinary: undefined,
  }))
  return { exampleCount, parameters, squaredNorms: undefined }
}

/** The buffers of its numbers. */
export const listFloat16Buffers = ({ exampleCount, parameters }: HostFloat16Block): ArrayBuffer[] =>
  listBlockBuffers({ exampleCount, segments: parameters.flatMap(({ segments }) => segments) })

/**
 * Copies the segments of one parameter, a few examples at a time, so that they stay in a core's
 * cache while they are used.
 *
 * @param use `'decoded'` if `work` decodes each part, which is then not checked for ordinary numbers
 * @throws MemoryError
 */
export function readParts(
  instance: WasmInstance,
  exampleCount: number,
  parameter: Float16Parameter,
  work: (part: Float16Part) => void,
  use: 'bits' | 'decoded',
): void {
  const { segments } = parameter
  const rowBytes = placeSegments(1, segments).byteLength
  const fitting = Math.max(1, Math.floor(partBytes[use] / rowBytes))
  // The kernels process four examples at a time.
  const count = Math.min(exampleCount, fitting < 4 ? fitting : fitting & ~3)
  const layout = placeSegments(count, segments, float16Rows)
  const decoded = placeSegments(count, segments)
  instance.withScratch(layout.byteLength, (address) => {
    const known = use === 'decoded' ? false : parameter.isOrdinary
    let areOrdinary = true
    for (let start = 0; start < exampleCount; start += count) {
      const rows = Math.min(count, exampleCount - start)
      const part = { ...layout, address, start, exampleCount: rows, decoded }
      const isOrdinary = copyPart(instance, segments, exampleCount, part, known)
      areOrdinary &&= isOrdinary
      work({ ...part, isOrdinary })
    }
    if (use === 'bits') parameter.isOrdinary = areOrdinary
  })
}

/** Copies the numbers of a part. Returns whether they are ordinary, which is computed if it is not known. */
function copyPart(
  instance: WasmInstance,
  segments: readonly Float16Segment[],
  blockCount: number,
  part: Omit<Float16Part, 'isOrdinary'>,
  known: boolean | undefined,
): boolean {
  const { address, start, exampleCount: count } = part
  let isOrdinary = known ?? true
  const copy = ({ bits }: Float16Values, to: number): void => {
    const perRow = bits.length / blockCount
    const own = bits.subarray(start * perRow, (start + count) * perRow)
    const { byteLength } = own
    instance.bytes.set(new Uint8Array(own.buffer, own.byteOffset, byteLength), address + to)
    // The kernels read past the last number.
    instance.bytes.fill(0, address + to + byteLength, address + to + byteLength + 16)
    if (known === undefined) {
      isOrdinary &&= instance.kernels.isOrdinaryFloat16(address + to, byteLength) !== 0
    }
  }
  for (const [k, segment] of segments.entries()) {
    const placed = part.segments[k]!
    let [first, second]: (Int16Array | undefined)[] = []
    if (segment.kind === 'dense' && placed.kind === 'dense') {
      copy(segment.values, placed.values)
      first = segment.values.exponents
    } else if (segment.kind === 'factored' && placed.kind === 'factored') {
      copy(segment.a, placed.a)
      copy(segment.delta, placed.delta)
      first = segment.a.exponents
      second = segment.delta.exponents
    } else if (segment.kind === 'lookup' && placed.kind === 'lookup') {
      const { positions } = segment
      const indices = segment.indices.subarray(start * positions, (start + count) * positions)
      instance.integers.set(indices, (address + placed.indices) / bytesPerInt32)
      copy(segment.delta, placed.delta)
      first = segment.delta.exponents
    }
    const scales = (address + placed.scales) / bytesPerFloat64
    const { doubles } = instance
    for (let row = 0; row < count; row++) {
      const exponent = first![start + row]! + (second?.[start + row] ?? 0)
      doubles[scales + row] = powersOfTwo[exponent + largestPower] ?? 2 ** exponent
    }
  }
  return isOrdinary
}

/** Runs `work` with a part in float32. */
export function withDecoded(
  instance: WasmInstance,
  part: Float16Part,
  work: (decoded: PlacedBlock) => void,
): void {
  instance.withScratch(part.decoded.byteLength, (address) => {
    const decoded = { ...part.decoded, address, exampleCount: part.exampleCount }
    decodePart(instance, part, decoded, 0)
    work(decoded)
  })
}

/** Decodes a part into the examples of a block from `start` on. */
function decodePart(
  { bytes, kernels }: WasmInstance,
  part: PlacedBlock,
  block: PlacedBlock,
  start: number,
): void {
  const { exampleCount: count } = part
  const copy = (from: number, to: number, bytesPerExample: number): void => {
    const source = part.address + from
    const target = block.address + to + start * bytesPerExample
    bytes.copyWithin(target, source, source + count * bytesPerExample)
  }
  const decode = (from: number, size: number, to: number, step: number, rows: number): void => {
    const target = block.address + to + start * rows * step
    kernels.decodeFloat16Rows(part.address + from, size, count * rows, target, step)
  }
  for (const [k, from] of part.segments.entries()) {
    const to = block.segments[k]!
    copy(from.scales, to.scales, bytesPerFloat64)
    if (from.kind === 'dense' && to.kind === 'dense') {
      decode(from.values, from.size, to.values, to.valuesStep, 1)
    } else if (from.kind === 'factored' && to.kind === 'factored') {
      const { positions } = from
      decode(from.a, from.inputSize, to.a, to.aStep, positions)
      decode(from.delta, from.outputSize, to.delta, to.deltaStep, positions)
    } else if (from.kind === 'lookup' && to.kind === 'lookup') {
      const { positions } = from
      copy(from.indices, to.indices, positions * bytesPerInt32)
      decode(from.delta, from.rowSize, to.delta, to.deltaStep, positions)
    }
  }
}

/** Computes ‖g‖² per example, or returns them if they are known. */
export function computeFloat16Norms(
  instance: WasmInstance,
  float16Block: HostFloat16Block,
): Float64Array {
  if (float16Block.squaredNorms !== undefined) return float16Block.squaredNorms
  const norms = new Float64Array(float16Block.exampleCount)
  for (const parameter of float16Block.parameters) {
    readParts(
      instance,
      float16Block.exampleCount,
      parameter,
      (part) => {
        if (part.isOrdinary && hasFloat16Squares(part)) addPartNorms(instance, part, part, norms)
        else {
          withDecoded(instance, part, (decoded) => {
            addPartNorms(instance, part, decoded, norms)
          })
        }
      },
      'bits',
    )
  }
  float16Block.squaredNorms = norms
  return norms
}

/** Adds the contribution of a part, itself or decoded, to the squared norms of its examples. */
export function addPartNorms(
  instance: WasmInstance,
  part: Float16Part,
  numbers: Float16Part | PlacedBlock,
  norms: Float64Array,
): void {
  const { start, exampleCount } = part
  const sums = part.address + part.squaredNorms
  const first = sums / bytesPerFloat64
  instance.doubles.fill(0, first, first + exampleCount)
  if (numbers === part) addFloat16Squares(instance, part, sums)
  else addSquaredNorms(instance, numbers, sums)
  const { doubles } = instance
  for (let row = 0; row < exampleCount; row++) norms[start + row]! += doubles[first + row]!
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
  const { exampleCount, parameters } = float16Block
  const norms = computeFloat16Norms(instance, float16Block)
  const layout = placeSegments(
    exampleCount,
    parameters.flatMap(({ segments }) => segments),
  )
  const placed = { ...layout, address: instance.allocate(layout.byteLength) }
  let first = 0
  for (const parameter of parameters) {
    const segments = placed.segments.slice(first, (first += parameter.segments.length))
    readParts(
      instance,
      exampleCount,
      parameter,
      (part) => {
        decodePart(instance, part, { ...placed, segments }, part.start)
      },
      'decoded',
    )
  }
  instance.doubles.set(norms, (placed.address + placed.squaredNorms) / bytesPerFloat64)
  return placed
}

/** The largest exponent in the table: it covers all exponents of float32 numbers, and sums of two. */
const largestPower = 400
const powersOfTwo = Float64Array.from(
  { length: 2 * largestPower + 1 },
  (_, k) => 2 ** (k - largestPower),
)

/** Bytes in float32 of a part that fits in a core's own cache, as it is or decoded. */
const partBytes = { bits: 2 ** 20, decoded: 2 ** 19 }
