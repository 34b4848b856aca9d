/** The inner product of two ranges of numbers. With a single sum, each addition would wait for the one before. */
export function computeDot(
  a: Float32Array | Float64Array,
  aOffset: number,
  b: Float32Array | Float64Array,
  bOffset: number,
  size: number,
): number {
  let sum0 = 0
  let sum1 = 0
  let sum2 = 0
  let sum3 = 0
  let k = 0
  for (; k + 3 < size; k += 4) {
    sum0 += a[aOffset + k]! * b[bOffset + k]!
    sum1 += a[aOffset + k + 1]! * b[bOffset + k + 1]!
    sum2 += a[aOffset + k + 2]! * b[bOffset + k + 2]!
    sum3 += a[aOffset + k + 3]! * b[bOffset + k + 3]!
  }
  for (; k < size; k++) sum0 += a[aOffset + k]! * b[bOffset + k]!
  return sum0 + sum1 + (sum2 + sum3)
}
