/** Stores the transpose of a matrix of 4 × 4 float32, with steps in bytes from row to row. */
export function storeTransposed(from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const row0 = v128.load(from)
  const row1 = v128.load(from + fromStep)
  const row2 = v128.load(from + fromStep * 2)
  const row3 = v128.load(from + fromStep * 3)
  const low01 = v128.shuffle<f32>(row0, row1, 0, 4, 1, 5)
  const low23 = v128.shuffle<f32>(row2, row3, 0, 4, 1, 5)
  const high01 = v128.shuffle<f32>(row0, row1, 2, 6, 3, 7)
  const high23 = v128.shuffle<f32>(row2, row3, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5))
  v128.store(to + toStep, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7))
  v128.store(to + toStep * 2, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5))
  v128.store(to + toStep * 3, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7))
}
