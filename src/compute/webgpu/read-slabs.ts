import type { CompactBlock, CompactSegment } from '../../gradients/block.js'
import { bytesPerFloat32 } from '../../gradients/numbers/byte-sizes.js'
import { joinArrays } from '../../join-arrays.js'
import { nonFiniteExponent, type Slab, type SlabSegment } from './slab.js'

interface Source {
  readonly buffer: GPUBuffer
  readonly byteLength: number
}

/** Lists the buffers of a segment, each once. */
export function listSources(
  { layout, first, second }: SlabSegment,
  exampleCount: number,
): Source[] {
  const bytes = exampleCount * bytesPerFloat32
  switch (layout.kind) {
    case 'dense':
      return [{ buffer: first, byteLength: bytes * layout.size }]
    case 'factored': {
      const { positions, inputSize, outputSize } = layout
      return [
        { buffer: first, byteLength: bytes * positions * inputSize },
        { buffer: second, byteLength: bytes * positions * outputSize },
      ]
    }
    case 'lookup':
      return [
        { buffer: first, byteLength: bytes * layout.positions },
        { buffer: second, byteLength: bytes * layout.positions * layout.rowSize },
      ]
  }
}

/** Rebuilds the block before scaling from the buffers that were read: for each slab its norms, then its segments. */
export function readSlabs(slabs: readonly Slab[], read: readonly ArrayBuffer[]): CompactBlock {
  const next = read[Symbol.iterator]()
  const parts = slabs.map(({ segments, exampleCount }) => {
    const norms = new Int32Array(next.next().value!)
    const exponents = Int32Array.from({ length: exampleCount }, (_, row) => norms[2 * row + 1]!)
    return segments.map(({ layout, parameter }): CompactSegment => {
      if (layout.kind === 'dense') {
        return { ...layout, parameter, values: unscaleInPlace(next.next().value!, exponents) }
      }
      const first = next.next().value!
      const delta = unscaleInPlace(next.next().value!, exponents)
      return layout.kind === 'factored'
        ? { ...layout, parameter, a: new Float32Array(first), delta }
        : { ...layout, parameter, indices: new Int32Array(first), delta }
    })
  })
  const exampleCount = slabs.reduce((sum, slab) => sum + slab.exampleCount, 0)
  return {
    exampleCount,
    segments: (parts[0] ?? []).map((_, k) => joinSegments(parts.map((part) => part[k]!))),
  }
}

/** Multiplies each example by 2^E. */
function unscaleInPlace(bytes: ArrayBuffer, exponents: Int32Array): Float32Array {
  const numbers = new Float32Array(bytes)
  const size = numbers.length / exponents.length
  for (const [row, exponent] of exponents.entries()) {
    if (exponent === nonFiniteExponent) continue
    const factor = 2 ** exponent
    for (let at = row * size; at < (row + 1) * size; at++) numbers[at]! *= factor
  }
  return numbers
}

/** Joins the parts of a segment, slab after slab. */
function joinSegments(parts: readonly CompactSegment[]): CompactSegment {
  const [first] = parts
  if (first === undefined || parts.length === 1) return first!
  switch (first.kind) {
    case 'dense':
      return {
        ...first,
        values: joinArrays(
          Float32Array,
          parts.map((part) => (part as typeof first).values),
        ),
      }
    case 'factored':
      return {
        ...first,
        a: joinArrays(
          Float32Array,
          parts.map((part) => (part as typeof first).a),
        ),
        delta: joinArrays(
          Float32Array,
          parts.map((part) => (part as typeof first).delta),
        ),
      }
    case 'lookup':
      return {
        ...first,
        indices: Int32Array.from(parts.flatMap((part) => [...(part as typeof first).indices])),
        delta: joinArrays(
          Float32Array,
          parts.map((part) => (part as typeof first).delta),
        ),
      }
  }
}
