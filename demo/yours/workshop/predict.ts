import type { NdArray, Predictor } from 'gradlens'
import type { EncodedLabels } from '../data/encode-labels.js'
import type { EndActivation } from '../models/model-facts.js'

/** The model's outputs [n, …] for x, on the first device on the CPU that works. */
export async function predict(predictor: Predictor, x: NdArray): Promise<NdArray> {
  const devices = (predictor.devices ?? ['wasm', 'cpu']).filter((device) => device !== 'webgpu')
  let failure: unknown
  for (const device of devices) {
    let session
    try {
      session = await predictor.open(device, { allowSoftware: true })
    } catch (error) {
      failure = error
      continue
    }
    try {
      return await session.predict([x], {})
    } finally {
      session[Symbol.dispose]()
    }
  }
  throw failure
}

const batchSize = 32

/** The model's own answers as labels: the greatest output, or whether the one output is above a half. */
export async function labelByModel(
  predictor: Predictor,
  { data, shape }: NdArray,
  size: number,
  activation: EndActivation,
): Promise<EncodedLabels & { kind: 'classes' }> {
  const [count = 0, ...own] = shape
  const width = data.length / count
  const indices = new Int32Array(count)
  for (let start = 0; start < count; start += batchSize) {
    const end = Math.min(count, start + batchSize)
    const part = { data: data.slice(start * width, end * width), shape: [end - start, ...own] }
    const outputs = await predict(predictor, part)
    for (let n = 0; n < end - start; n++) {
      indices[start + n] =
        size > 1
          ? findGreatest(outputs.data, n * size, (n + 1) * size)
          : Number((outputs.data[n] ?? 0) >= (activation === 'sigmoid' ? 0.5 : 0))
    }
  }
  return { kind: 'classes', indices, names: [] }
}

/** The index of the greatest number. */
export function findGreatest(numbers: ArrayLike<number>, start = 0, end = numbers.length): number {
  let greatest = start
  for (let i = start + 1; i < end; i++) {
    if ((numbers[i] ?? -Infinity) > (numbers[greatest] ?? -Infinity)) greatest = i
  }
  return greatest - start
}
