import type { Ranking } from '../../compute/ranking.js'
import { NonFiniteError } from '../../errors.js'
import { computeBlocks, type GradientBatches, type PlacedGradients } from './gradient-blocks.js'
import { readQuestionLabels } from './question-labels.js'
import type { Question } from './question.js'
import type { SimilaritySettings } from './similarity-options.js'
import type { SimilarityVariant } from './similarity-variant.js'
import type { GradientContext, TrainingSet } from './training-set.js'

/** Ranks the training examples for each of the examples to be explained, in one pass over their gradients. */
export async function rankTraining<Value>(
  context: GradientContext<Value>,
  fitted: TrainingSet<Value>,
  { tests: x, y: given, ranking, report }: Question,
  task: SimilaritySettings['task'],
  { prepare }: SimilarityVariant<Value>,
): Promise<{ ranked: Ranking; usage: Readonly<Record<string, number>> }> {
  const { call, backend } = context
  const y = await readQuestionLabels(context, x, given, task, fitted.labelShape)
  // A variant prepares exact gradients, and projects them itself.
  const projection = prepare === undefined ? fitted.projection : undefined
  let tests = await computeFiniteBlocks({ ...context, x, y, projection })
  if (prepare !== undefined) tests = await prepare(tests, context, fitted)
  const ranker = backend.openRanking(ranking)
  try {
    const { blocks, usage } = await fitted.pass(context)
    for await (const train of blocks) {
      for (const test of tests) {
        await ranker.add(test.gradients, test.start, train.gradients, train.start)
      }
      call.check()
      report({ phase: 'explain', done: train.end, total: ranking.trainCount })
    }
    return { ranked: await ranker.finish(), usage: usage() }
  } finally {
    ranker[Symbol.dispose]()
    disposeAll(tests)
  }
}

/** Computes all blocks of the examples to be explained, whose gradients must be finite. */
export async function computeFiniteBlocks<Value>(
  of: GradientBatches<Value>,
): Promise<PlacedGradients[]> {
  const blocks: PlacedGradients[] = []
  try {
    for await (const placed of computeBlocks(of)) {
      blocks.push(placed)
      await assertFinite(placed)
    }
    return blocks
  } catch (error) {
    disposeAll(blocks)
    throw error
  }
}

export function disposeAll(blocks: readonly PlacedGradients[]): void {
  for (const { gradients } of blocks) gradients[Symbol.dispose]()
}

async function assertFinite({ gradients, start }: PlacedGradients): Promise<void> {
  const norms = await gradients.squaredNorms()
  const row = norms.findIndex((norm) => !Number.isFinite(norm))
  if (row < 0) return
  throw new NonFiniteError(
    `the squared norm of the loss gradient of example ${start + row}`,
    norms[row]!,
    [start + row],
    'Its ranking would mean nothing; look at its label, the loss and the weights.',
  )
}
