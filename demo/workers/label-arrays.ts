import type { NdArray } from 'gradlens'

/** One-hot labels, [n, classCount]. */
export function encodeOneHot(labels: ArrayLike<number>, classCount: number): NdArray {
  const data = new Float32Array(labels.length * classCount)
  for (let i = 0; i < labels.length; i++) data[i * classCount + (labels[i] ?? 0)] = 1
  return { data, shape: [labels.length, classCount] }
}

/** The index of the greatest value. */
export function findGreatest(values: ArrayLike<number>): number {
  let greatest = 0
  for (let i = 1; i < values.length; i++) {
    if ((values[i] ?? 0) > (values[greatest] ?? 0)) greatest = i
  }
  return greatest
}

/** The examples from `start` to before `end`, as a view. */
export function sliceExamples({ data, shape }: NdArray, start: number, end: number): NdArray {
  const size = data.length / (shape[0] ?? 1)
  return {
    data: data.subarray(start * size, end * size),
    shape: [end - start, ...shape.slice(1)],
  }
}
