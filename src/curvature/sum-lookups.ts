import type { LookupSegment } from '../gradients/block.js'

/** Sums the gradients of one example at each row of a table: `sums` is [indices.length, rowSize]. */
export function sumLookups(
  { positions, rowSize, indices, delta }: LookupSegment,
  example: number,
): { readonly indices: readonly number[]; readonly sums: Float64Array } {
  const places = new Map<number, number>()
  const sums = new Float64Array(positions * rowSize)
  for (let t = example * positions; t < (example + 1) * positions; t++) {
    const index = indices[t]!
    const place = places.get(index) ?? places.size
    places.set(index, place)
    for (let k = 0; k < rowSize; k++) sums[place * rowSize + k]! += delta[t * rowSize + k]!
  }
  return { indices: [...places.keys()], sums: sums.subarray(0, places.size * rowSize) }
}
