import type { PlacedGradients } from '../../explainers/similarity/gradient-blocks.js'
import type { GradientContext, TrainingSet } from '../../explainers/similarity/training-set.js'

/** What scoring all training examples took, for the explanation's parameters. */
type Usage = Readonly<Record<string, number>>

/** Where scores are added. */
export interface ScoreSums {
  /** Per group, [testCount, trainCount]. */
  readonly sums: readonly Float64Array[]
  readonly weight: number
  readonly testCount: number
}

/**
 * Computes the inner products of all training gradients with those of the examples to be explained, in one pass over the
 * training gradients, without ranking them.
 *
 * @param groups the gradients of the examples to be explained, or parts of them: of one parameter each, for example
 * @param report called with the number of training examples done
 */
export async function scoreTraining<Value>(
  context: GradientContext<Value>,
  fitted: TrainingSet<Value>,
  groups: readonly (readonly PlacedGradients[])[],
  { sums, weight, testCount }: ScoreSums,
  report: (done: number) => void,
): Promise<Usage> {
  const { call, backend } = context
  const trainCount = fitted.exampleCount
  const rankers = groups.map(() =>
    backend.openRanking({
      ...{ testCount, trainCount, most: trainCount, least: 1 },
      similarity: { name: 'grad_dot', eps: 0 },
    }),
  )
  try {
    const { blocks, usage } = await fitted.pass(context)
    for await (const train of blocks) {
      for (const [g, tests] of groups.entries()) {
        for (const test of tests) {
          await rankers[g]!.add(test.gradients, test.start, train.gradients, train.start)
        }
      }
      call.check()
      report(train.end)
    }
    for (const [g, ranker] of rankers.entries()) {
      const { scores, indices } = await ranker.finish()
      const sum = sums[g]!
      for (const [at, train] of indices.entries()) {
        sum[Math.floor(at / trainCount) * trainCount + train]! += weight * scores[at]!
      }
      ranker[Symbol.dispose]()
    }
    return usage()
  } finally {
    for (const ranker of rankers) ranker[Symbol.dispose]()
  }
}
