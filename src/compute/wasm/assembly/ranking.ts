/**
 * scores[i, j] float32 of sums [aRows, bRows] float64, as computeSimilarity in ../../similarity.ts: `kind` 0 is grad_dot, 1
 * grad_cos, 2 grad_asym_dot. NaN where the training example's squared norm is not finite; never −0.
 */
export function scoreRows(
  sums: usize,
  aNorms: usize,
  aRows: i32,
  bNorms: usize,
  bRows: i32,
  kind: i32,
  eps: f64,
  scores: usize,
): void {
  for (let i = 0; i < aRows; i++) {
    const aRoot = sqrt(load<f64>(aNorms + ((<usize>i) << 3)))
    for (let j = 0; j < bRows; j++) {
      const bNorm = load<f64>(bNorms + ((<usize>j) << 3))
      let score: f64 = load<f64>(sums)
      if (kind !== 0) {
        const denominator = (kind === 1 ? aRoot * sqrt(bNorm) : bNorm) + eps
        score = denominator === 0 ? 0 : score / denominator
      }
      // x − x is zero for a finite x only.
      if (bNorm - bNorm !== 0) score = NaN
      store<f32>(scores, <f32>score + 0)
      sums += 8
      scores += 4
    }
  }
}

/** Codes of float32 in the order of the numbers; 0, below all others, stands for NaN and the infinities. */
function codeOf(bits: u32): u32 {
  if ((bits & 0x7f800000) === 0x7f800000) return 0
  return bits & 0x80000000 ? ~bits : bits | 0x80000000
}

/**
 * Offers scores to the heaps of one test example, with training examples firstIndex, firstIndex + 1, …, and returns how
 * many were not finite; those are in neither heap. `state` holds two counts (int32) and then the heaps, `most` and `least` keys.
 * A key, uint64, is the score's code and the index's complement: a larger key is earlier in the full order. The heap of
 * the least similar has the complements.
 */
export function offerScores(
  state: usize,
  most: i32,
  least: i32,
  scores: usize,
  count: i32,
  firstIndex: i32,
): i32 {
  const mostKeys = state + 8
  const leastKeys = mostKeys + ((<usize>most) << 3)
  let mostCount = load<i32>(state)
  let leastCount = load<i32>(state, 4)
  let nonFinite = 0
  for (let j = 0; j < count; j++) {
    const code = codeOf(load<u32>(scores + ((<usize>j) << 2)))
    if (code === 0) {
      nonFinite++
      continue
    }
    const key = ((<u64>code) << 32) | (<u64>~(<u32>(firstIndex + j)))
    mostCount = offer(mostKeys, most, mostCount, key)
    leastCount = offer(leastKeys, least, leastCount, ~key)
  }
  store<i32>(state, mostCount)
  store<i32>(state, leastCount, 4)
  return nonFinite
}

/** Sorts both heaps of a test example, the largest keys first. */
export function sortHeaps(state: usize, most: i32): void {
  sortHeap(state + 8, load<i32>(state))
  sortHeap(state + 8 + ((<usize>most) << 3), load<i32>(state, 4))
}

/** Keeps the `capacity` largest keys, the smallest of them at the root; returns how many there are now. */
function offer(heap: usize, capacity: i32, count: i32, key: u64): i32 {
  if (count === capacity) {
    if (capacity > 0 && key > load<u64>(heap)) sink(heap, count, 0, key)
    return count
  }
  let at = count
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = load<u64>(heap + ((<usize>parent) << 3))
    if (above <= key) break
    store<u64>(heap + ((<usize>at) << 3), above)
    at = parent
  }
  store<u64>(heap + ((<usize>at) << 3), key)
  return count + 1
}

function sink(heap: usize, count: i32, at: i32, key: u64): void {
  while (true) {
    let child = 2 * at + 1
    if (child >= count) break
    let below = load<u64>(heap + ((<usize>child) << 3))
    if (child + 1 < count) {
      const other = load<u64>(heap + ((<usize>child) << 3), 8)
      if (other < below) {
        below = other
        child++
      }
    }
    if (below >= key) break
    store<u64>(heap + ((<usize>at) << 3), below)
    at = child
  }
  store<u64>(heap + ((<usize>at) << 3), key)
}

function sortHeap(heap: usize, count: i32): void {
  for (let last = count - 1; last > 0; last--) {
    const end = heap + ((<usize>last) << 3)
    const key = load<u64>(end)
    store<u64>(end, load<u64>(heap))
    sink(heap, last, 0, key)
  }
}

const digitBits: u32 = 11
const digits: u32 = 1 << digitBits

/** The scratch bytes of sortScores: two arrays of codes, two of positions, and the counts of a digit. */
export function sortScratchSize(count: i32): usize {
  return ((<usize>count) << 4) + ((<usize>digits) << 2)
}

/**
 * order[k] = the position of the k-th largest of `count` scores: equal ones keep their order, and those that are not finite come last.
 * A radix sort of the codes' complements, least digit first.
 */
export function sortScores(scores: usize, count: i32, order: usize, scratch: usize): void {
  const size = (<usize>count) << 2
  let keys = scratch
  let otherKeys = scratch + size
  let positions = scratch + 2 * size
  let otherPositions = scratch + 3 * size
  const counts = scratch + 4 * size
  for (let k = 0; k < count; k++) {
    const at = (<usize>k) << 2
    store<u32>(keys + at, ~codeOf(load<u32>(scores + at)))
    store<i32>(positions + at, k)
  }
  for (let shift: u32 = 0; shift < 32; shift += digitBits) {
    memory.fill(counts, 0, (<usize>digits) << 2)
    for (let at: usize = 0; at < size; at += 4) {
      const slot = counts + (((load<u32>(keys + at) >> shift) & (digits - 1)) << 2)
      store<u32>(slot, load<u32>(slot) + 1)
    }
    let before: u32 = 0
    for (let slot = counts; slot < counts + ((<usize>digits) << 2); slot += 4) {
      const here = load<u32>(slot)
      store<u32>(slot, before)
      before += here
    }
    for (let at: usize = 0; at < size; at += 4) {
      const key = load<u32>(keys + at)
      const slot = counts + (((key >> shift) & (digits - 1)) << 2)
      const to = load<u32>(slot)
      store<u32>(slot, to + 1)
      store<u32>(otherKeys + ((<usize>to) << 2), key)
      store<u32>(otherPositions + ((<usize>to) << 2), load<u32>(positions + at))
    }
    const sortedKeys = otherKeys
    otherKeys = keys
    keys = sortedKeys
    const sortedPositions = otherPositions
    otherPositions = positions
    positions = sortedPositions
  }
  memory.copy(order, positions, size)
}
