import type { BatchSize } from '../../session/batch-size.js'
import { assertFinite, lookAtTheModel, type NdArray, sizeOf, takeRows } from '../../../ndarray.js'
import type { Progress } from '../../../options.js'
import { seededRandom } from '../../../random.js'
import { runInBatches } from '../../session/batches.js'
import { mapValues } from '../../reading/forward-arguments.js'
import { countExamples } from '../../reading/inputs.js'
import type { ModelCall } from '../../session/model-session.js'
import { explainedScore, takeIndices } from '../explained-score.js'
import { type Examples, memoryRemedy, type Sites } from '../sites.js'
import { sumsOf } from './path-sums.js'
import type { Target } from '../../reading/targets.js'

export interface Expectation<Value> {
  readonly sites: Sites<Value>
  readonly examples: Examples
  /** The sites' values at the examples, [N, …] each. */
  readonly ends: readonly NdArray[]
  /** What baselines are drawn from, one array per input. */
  readonly background: readonly NdArray[]
  readonly target: Target
  readonly nSamples: number
  readonly seed: number
  /** Points in one pass. */
  readonly batchSize: BatchSize
  readonly report: (progress: Progress) => void
}

/** Means over the draws, float64. */
export interface Expected {
  /** (x − b) ⊙ ∇F(b + α (x − b)), per array. */
  readonly attributions: readonly Float64Array[]
  /** F(b) of the explained output, per example. */
  readonly scores: Float64Array
}

/**
 * Means over baselines b drawn from the background and α uniform in [0, 1). Draw s of example i is from a stream of
 * its own, so that neither batches nor the device change it.
 *
 * @throws NonFiniteError if a baseline's prediction is not finite; MemoryError if there is no room for one point
 */
export async function expectedAttributions<Value>(
  call: ModelCall<Value>,
  {
    sites,
    examples,
    ends,
    background,
    target,
    nSamples,
    seed,
    batchSize,
    report,
  }: Expectation<Value>,
): Promise<Expected> {
  const exampleCount = countExamples(ends)
  const backgroundCount = countExamples(background)
  const pointCount = exampleCount * nSamples
  const attributions = ends.map(({ data }) => new Float64Array(data.length))
  const scores = new Float64Array(exampleCount)

  const backend = async (first: number, end: number): Promise<Pass> => {
    // Point q is draw q mod n of example ⌊q / n⌋.
    const rowOf = Int32Array.from({ length: end - first }, (_, q) =>
      Math.floor((first + q) / nSamples),
    )
    const drawn = new Int32Array(rowOf.length)
    const alphas = Float64Array.from(rowOf, (i, q) => {
      const random = seededRandom(seed, i, (first + q) % nSamples)
      drawn[q] = Math.floor(random() * backgroundCount)
      return random()
    })
    const rowsAt = (array: NdArray): NdArray => takeRows(array, rowOf)
    const further = mapValues(examples.further, rowsAt)
    const baselines = { x: background.map((array) => takeRows(array, drawn)), further }
    const ownExamples = { x: examples.x.map(rowsAt), further }
    const starts = await call.run((session) => sites.values(session, baselines))
    const atStarts = await call.run((session) => sites.predict(session, ownExamples, starts))
    assertFinite('the predictions at drawn baselines', atStarts, lookAtTheModel)
    const sums = await sumsOf(call, {
      sites,
      examples: ownExamples,
      outputIndices: takeIndices(target.indices, target.terms, rowOf),
      points: {
        starts,
        ends: ends.map(rowsAt),
        pathOf: rowOf.map((_, q) => q),
        alphas,
        weights: Float64Array.from(rowOf, (i) => target.signs[i]! / nSamples),
        sumOf: rowOf.map((i) => i - rowOf[0]!),
      },
      placeOf: (q) => ({ example: rowOf[q]!, step: (first + q) % nSamples }),
    })
    return { rowOf, atStarts, sums }
  }

  const size = await batchSize.resolve(call, () => examples)
  for await (const { result, end } of runInBatches(pointCount, size, backend, {
    ...{ remedy: memoryRemedy, concurrency: await call.concurrency() },
  })) {
    const { rowOf, atStarts, sums } = result
    for (const [q, i] of rowOf.entries()) {
      scores[i]! += explainedScore(atStarts, target, i, q) / nSamples
    }
    for (const [j, { data, shape }] of sums.entries()) {
      const offset = rowOf[0]! * sizeOf(shape.slice(1))
      for (const [k, value] of data.entries()) attributions[j]![offset + k]! += value
    }
    await call.pause()
    report({ phase: 'explain', done: end, total: pointCount })
  }
  return { attributions, scores }
}

interface Pass {
  /** The examples of the points. */
  readonly rowOf: Int32Array
  readonly atStarts: NdArray
  /** Of the examples from the first of `rowOf` to its last. */
  readonly sums: readonly NdArray[]
}
