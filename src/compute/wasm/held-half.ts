import type { CompactForm } from '../compact-form.js'
import type { HalfBlock, HalfFloats } from '../half-block.js'
import { mapSegment } from '../map-segment.js'
import type { BlockLayout, HeldBlock, HeldSegment } from './held-block.js'
import { formsLayout, rowStep } from './held-block.js'
import type { WasmInstance } from './instance.js'
import { addSquaredNorms } from './squared-norms.js'

/** A block of float16 in an instance's memory, its numbers as they came: the rows one right after the other. */
export interface HeldHalf {
  readonly rowCount: number
  readonly address: number
  /** The segments, those of one parameter together. */
  readonly parameters: readonly (readonly HalfSegment[])[]
  /** Float64 [rowCount], once they are known. */
  readonly squaredNorms: number
  hasNorms: boolean
}

interface HalfSegment {
  readonly parameter: string
  readonly form: CompactForm
  /** Float64 [rowCount]: two to the power of the rows' exponents. */
  readonly scales: number
  /** The values of a dense segment, a of a factored one, the indices of looked-up rows. */
  readonly first: number
  /** δ; of a dense segment the values again. */
  readonly second: number
}

export const isHeldHalf = (block: HeldBlock | HeldHalf): block is HeldHalf => 'hasNorms' in block

/**
 * Copies a block of float16 into the instance's memory.
 *
 * @throws MemoryError where memory does not suffice
 */
export function takeHalf(instance: WasmInstance, { rowCount, segments }: HalfBlock): HeldHalf {
  const pieces: { readonly bytes: Uint8Array; readonly at: number }[] = []
  const tables: { readonly exponents: readonly Int16Array[]; readonly at: number }[] = []
  let end = 0
  const place = (byteLength: number): number => {
    const at = end
    end += Math.ceil(byteLength / 16) * 16
    return at
  }
  const placeNumbers = (numbers: Uint16Array | Int32Array): number => {
    const { buffer, byteOffset, byteLength } = numbers
    // Decoding reads on behind the last number.
    const at = place(byteLength + 16)
    pieces.push({ bytes: new Uint8Array(buffer, byteOffset, byteLength), at })
    return at
  }
  const squaredNorms = place(rowCount * doubleSize)
  const placed = segments.map((segment): HalfSegment => {
    const exponents: Int16Array[] = []
    const addresses: number[] = []
    const { parameter, ...form } = mapSegment(
      segment,
      (floats: HalfFloats) => {
        exponents.push(floats.exponents)
        addresses.push(placeNumbers(floats.bits))
      },
      (indices) => {
        addresses.push(placeNumbers(indices))
        return indices
      },
    )
    const scales = place(rowCount * doubleSize)
    tables.push({ exponents, at: scales })
    return { parameter, form, scales, first: addresses[0]!, second: addresses.at(-1)! }
  })
  const address = instance.allocate(end)
  const { bytes, doubles } = instance
  for (const piece of pieces) bytes.set(piece.bytes, address + piece.at)
  for (const { exponents, at } of tables) {
    const start = (address + at) / doubleSize
    for (let row = 0; row < rowCount; row++) {
      let exponent = 0
      for (const ofArray of exponents) exponent += ofArray[row]!
      doubles[start + row] = 2 ** exponent
    }
  }
  const byParameter = new Map<string, HalfSegment[]>()
  for (const segment of placed) {
    const own = byParameter.get(segment.parameter) ?? []
    byParameter.set(segment.parameter, own)
    own.push({
      ...segment,
      scales: address + segment.scales,
      first: address + segment.first,
      second: address + segment.second,
    })
  }
  return {
    rowCount,
    address,
    parameters: [...byParameter.values()],
    squaredNorms: address + squaredNorms,
    hasNorms: false,
  }
}

/**
 * Decodes the segments of one parameter, some rows at a time, so few that they stay in a core's cache while they are worked
 * with. The block's squared norms are complete once each parameter had its turn.
 */
export function eachPart(
  instance: WasmInstance,
  half: HeldHalf,
  segments: readonly HalfSegment[],
  work: (part: HeldBlock, start: number) => void,
): void {
  const rowBytes = formsLayout(1, segments.map(formOf)).byteLength
  const fitting = Math.max(1, Math.floor(partBytes / rowBytes))
  // The kernels take rows four at a time.
  const count = Math.min(half.rowCount, fitting < 4 ? fitting : fitting & ~3)
  const layout = formsLayout(count, segments.map(formOf))
  instance.withScratch(layout.byteLength, (address) => {
    for (let start = 0; start < half.rowCount; start += count) {
      const rows = Math.min(count, half.rowCount - start)
      work(decode(instance, segments, [start, rows], { ...layout, address }), start)
    }
  })
}

/** With the next of its uses the block has its squared norms. */
export function computeHalfNorms(instance: WasmInstance, half: HeldHalf): void {
  if (half.hasNorms) return
  clearNorms(instance, half)
  for (const segments of half.parameters) {
    eachPart(instance, half, segments, (part, start) => {
      addPartNorms(instance, half, part, start)
    })
  }
  half.hasNorms = true
}

export function clearNorms({ doubles }: WasmInstance, { squaredNorms, rowCount }: HeldHalf): void {
  doubles.fill(0, squaredNorms / doubleSize, squaredNorms / doubleSize + rowCount)
}

/** Adds what a part contributes to the squared norms of its rows. */
export function addPartNorms(
  instance: WasmInstance,
  half: HeldHalf,
  part: HeldBlock,
  start: number,
): void {
  addSquaredNorms(instance, part, half.squaredNorms + start * doubleSize)
}

/**
 * The whole block in float32, in memory of its own.
 *
 * @throws MemoryError
 */
export function decodeHalf(instance: WasmInstance, half: HeldHalf): HeldBlock {
  computeHalfNorms(instance, half)
  const segments = half.parameters.flat()
  const layout = formsLayout(half.rowCount, segments.map(formOf))
  const held = { ...layout, address: instance.allocate(layout.byteLength) }
  decode(instance, segments, [0, half.rowCount], held)
  copyDoubles(instance, half.squaredNorms, held.address + held.squaredNorms, half.rowCount)
  return held
}

const formOf = ({
  form,
  parameter,
}: HalfSegment): CompactForm & { readonly parameter: string } => ({
  ...form,
  parameter,
})

/** `count` rows from `start` on, where a block of as many rows or more has its place. */
function decode(
  instance: WasmInstance,
  segments: readonly HalfSegment[],
  [start, count]: readonly [number, number],
  place: BlockLayout & { readonly address: number },
): HeldBlock {
  const { address } = place
  const decodeRows = (from: number, size: number, positions: number, to: number): void => {
    const first = from + start * positions * size * halfSize
    instance.kernels.decodeHalf(first, size, count * positions, address + to, rowStep(size))
  }
  for (const [k, { first, second, scales }] of segments.entries()) {
    const held: HeldSegment = place.segments[k]!
    copyDoubles(instance, scales + start * doubleSize, address + held.scales, count)
    switch (held.kind) {
      case 'dense':
        decodeRows(first, held.size, 1, held.values)
        break
      case 'factored':
        decodeRows(first, held.inputSize, held.positions, held.a)
        decodeRows(second, held.outputSize, held.positions, held.delta)
        break
      case 'rows': {
        const from = first + start * held.positions * indexSize
        const to = address + held.indices
        instance.bytes.copyWithin(to, from, from + count * held.positions * indexSize)
        decodeRows(second, held.rowSize, held.positions, held.delta)
      }
    }
  }
  return { ...place, rowCount: count }
}

function copyDoubles({ doubles }: WasmInstance, from: number, to: number, count: number): void {
  doubles.copyWithin(to / doubleSize, from / doubleSize, from / doubleSize + count)
}

/** What stays in a core's own cache, decoded, beside the rows that it is multiplied with. */
const partBytes = 2 ** 17

const halfSize = 2
const indexSize = 4
const doubleSize = 8
