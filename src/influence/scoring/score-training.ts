import type { PlacedGradients } from '../../explainers/similarity/gradient-blocks.js'
import type { GradientContext, TrainingSet } from '../../explainers/similarity/training-set.js'

/** What scoring all training examples took, for the explanation's parameters. */
type Usage = Readonly<Record<string, number>>

/**
 * Computes the inner products of all training gradients with those of the examples to be explained, in one pass over the
 * training gradients, without ranking them.
 *
 * @param groups the gradients of the examples to be explained, or parts of them: of one parameter each, for example
 * @param report called with the number of training examples done
 * @returns per group, [testCount, trainCount]
 */
export async function scoreTraining<Value>(
  context: GradientContext<Value>,
  fitted: TrainingSet<Value>,
  groups: readonly (readonly PlacedGradients[])[],
  testCount: number,
  report: (done: number) => void,
): Promise<{ scores: Float64Array[]; usage: Usage }> {
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
    const scores: Float64Array[] = []
    for (const ranker of rankers) {
      const { scores: ranked, indices } = await ranker.finish()
      const inOrder = new Float64Array(testCount * trainCount)
      for (const [at, train] of indices.entries()) {
        inOrder[Math.floor(at / trainCount) * trainCount + train] = ranked[at]!
      }
      scores.push(inOrder)
      ranker[Symbol.dispose]()
    }
    return { scores, usage: usage() }
  } finally {
    for (const ranker of rankers) ranker[Symbol.dispose]()
  }
}
