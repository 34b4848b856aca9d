import type { NdArray } from 'gradlens'

/** The softmax of the logits [n, classes]. */
export function toProbabilities({ data, shape }: NdArray): NdArray {
  const [, classCount = 1] = shape
  const probabilities = new Float32Array(data.length)
  for (let start = 0; start < data.length; start += classCount) {
    const logits = Float64Array.from(data.subarray(start, start + classCount))
    const greatest = logits.reduce((a, b) => Math.max(a, b), -Infinity)
    const powers = logits.map((logit) => Math.exp(logit - greatest))
    const sum = powers.reduce((a, b) => a + b, 0)
    probabilities.set(
      powers.map((power) => power / sum),
      start,
    )
  }
  return { data: probabilities, shape }
}
