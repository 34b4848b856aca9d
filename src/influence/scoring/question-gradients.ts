import type { GradientBackend } from '../../compute/gradient-backend.js'
import type { PlacedGradients } from '../../explainers/similarity/gradient-blocks.js'
import { disposeAll } from '../../explainers/similarity/rank-training.js'
import type { CompactBlock } from '../../gradients/block.js'
import type { Aggregate } from './question-options.js'
import { sumExamples } from './sum-examples.js'

/** Replaces the gradients of the examples to be explained by their sum or mean. */
export async function aggregateGradients(
  tests: readonly PlacedGradients[],
  backend: GradientBackend,
  aggregate: Aggregate,
): Promise<PlacedGradients[]> {
  const blocks = await readAndDispose(tests)
  const exampleCount = blocks.reduce((sum, block) => sum + block.exampleCount, 0)
  const sum = sumExamples(blocks, aggregate === 'mean' ? 1 / exampleCount : 1)
  return [{ gradients: await backend.upload(sum), start: 0, end: 1 }]
}

/** Splits the gradients of the examples to be explained into those of each parameter, in the order of the names. */
export async function splitByParameter(
  tests: readonly PlacedGradients[],
  backend: GradientBackend,
  names: readonly string[],
): Promise<PlacedGradients[][]> {
  const blocks = await readAndDispose(tests)
  const groups: PlacedGradients[][] = []
  try {
    for (const name of names) {
      const group: PlacedGradients[] = []
      groups.push(group)
      let start = 0
      for (const { exampleCount, segments } of blocks) {
        const own = segments.filter(({ parameter }) => parameter === name)
        const end = start + exampleCount
        group.push({ gradients: await backend.upload({ exampleCount, segments: own }), start, end })
        start = end
      }
    }
    return groups
  } catch (error) {
    disposeAll(groups.flat())
    throw error
  }
}

async function readAndDispose(tests: readonly PlacedGradients[]): Promise<CompactBlock[]> {
  try {
    return await Promise.all(tests.map(({ gradients }) => gradients.read()))
  } finally {
    disposeAll(tests)
  }
}
