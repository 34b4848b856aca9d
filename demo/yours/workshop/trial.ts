import type { NdArray, Predictor } from 'gradlens'
import type { EncodedLabels } from '../data/encode-labels.js'
import type { Encoder } from '../encoders/encoder.js'
import { findGreatest, predict } from './predict.js'
import { spreadIndices } from './spread.js'

/** What the model says of some examples. */
export interface Trial {
  /** The examples that were run. */
  readonly indices: readonly number[]
  /** The class of each, or its value. */
  readonly answers: readonly number[]
  /** How many answers are the labels; null for values, and without labels. */
  readonly rightCount: number | null
  /** The mean distance of values from their labels; null for classes, and without labels. */
  readonly meanError: number | null
}

const mostExamples = 24
/** Larger examples take longer, so fewer of them are run. */
const mostNumbers = 2_000_000

/** Runs examples that are spread over the data. */
export async function measureTrial(
  predictor: Predictor,
  encoder: Encoder,
  labels: EncodedLabels,
  size: number,
): Promise<Trial> {
  const exampleSize = encoder.encode(0, 1).data.length
  const count = Math.min(
    encoder.count,
    mostExamples,
    Math.max(6, Math.floor(mostNumbers / exampleSize)),
  )
  const indices = spreadIndices(encoder.count, count)
  const outputs = await predict(
    predictor,
    joinExamples(indices.map((i) => encoder.encode(i, i + 1))),
  )
  const answers = indices.map((_, n) => {
    if (size > 1) return findGreatest(outputs.data, n * size, (n + 1) * size)
    const value = outputs.data[n] ?? NaN
    return labels.kind === 'values' ? value : Number(value >= 0.5)
  })
  if (labels.kind === 'classes') {
    const rightCount = indices.filter((index, n) => labels.indices[index] === answers[n]).length
    return { indices, answers, rightCount, meanError: null }
  }
  if (labels.kind === 'none' || size > 1) {
    return { indices, answers, rightCount: null, meanError: null }
  }
  const errors = indices.map((index, n) =>
    Math.abs((labels.values[index] ?? NaN) - (answers[n] ?? NaN)),
  )
  const meanError = errors.reduce((sum, error) => sum + error, 0) / errors.length
  return { indices, answers, rightCount: null, meanError }
}

/** A trial is much better with this share of the examples more right, or of the error less. */
const greatShare = { right: 0.2, error: 0.5 }

/** The index of the best trial if its answers are much better than those of the chosen trial. */
export function findBetter(trials: readonly Trial[], chosen: number): number | undefined {
  const now = trials[chosen]
  if (now === undefined) return undefined
  const gains = trials.map(({ rightCount, meanError }) => {
    if (meanError !== null && now.meanError !== null) {
      return now.meanError === 0 ? 0 : (1 - meanError / now.meanError) / greatShare.error
    }
    const count = now.indices.length
    return ((rightCount ?? 0) - (now.rightCount ?? 0)) / count / greatShare.right
  })
  const best = findGreatest(gains)
  return (gains[best] ?? 0) >= 1 ? best : undefined
}

function joinExamples(examples: readonly NdArray[]): NdArray {
  const [first] = examples
  if (first === undefined) throw new Error('There are no examples.')
  const data =
    first.data instanceof Int32Array
      ? new Int32Array(first.data.length * examples.length)
      : new Float32Array(first.data.length * examples.length)
  examples.forEach((example, n) => {
    data.set(example.data, n * first.data.length)
  })
  return { data, shape: [examples.length, ...first.shape.slice(1)] }
}
