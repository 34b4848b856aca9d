import type { NdArray } from 'gradlens'
import type { DataSet } from './data-sets.js'

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

/** Each example's class of the greatest probability, or its value. */
export function readAnswers({ data, shape }: NdArray, task: DataSet['task']): Float32Array {
  const [count = 0] = shape
  const width = data.length / count
  return Float32Array.from({ length: count }, (_, i) => {
    const outputs = data.subarray(i * width, (i + 1) * width)
    return task === 'classification' ? findGreatest(outputs) : (outputs[0] ?? NaN)
  })
}

/** The examples from `start` to before `end`, as a view. */
export function sliceExamples({ data, shape }: NdArray, start: number, end: number): NdArray {
  const size = data.length / (shape[0] ?? 1)
  return {
    data: data.subarray(start * size, end * size),
    shape: [end - start, ...shape.slice(1)],
  }
}
