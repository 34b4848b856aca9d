/** Pictures of 28 × 28 pixels: whole numbers of a fixed sequence over 255, the same in every program. */
export function picturesOf(count: number, seed: number): { data: Float32Array; shape: number[] } {
  const data = new Float32Array(count * 28 * 28)
  let state = seed
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    data[i] = (state >>> 24) / 255
  }
  return { data, shape: [count, 28, 28, 1] }
}

export const classesOf = (count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => i % 10)

export const training = { x: picturesOf(120, 1), y: classesOf(120) }
export const question = picturesOf(2, 7)
export const loss = 'sparseCategoricalCrossentropy'
