import type { ExplanationJson } from '../../../src/explanation.js'

/** Scores of twelve training examples; the best is no. 6, the worst no. 1. */
export const exampleScores = [0.5, -2, 1.5, 0.25, 3, -0.5, 4, 0, 2, -1, 1, -1.5]

/** Their labels: no. 2, the fourth most similar, is the only one of another class than 1. */
export const exampleLabels = [0, 2, 0, 0, 1, 2, 1, 0, 1, 2, 1, 2]

/** The predictions for them: that for no. 8 is wrong. */
export const examplePredictions = [0, 2, 0, 0, 1, 2, 1, 0, 2, 2, 1, 2]

/** Pictures of 2 × 2 pixels, whose first one has the number of the example. */
export const examplePictures = exampleScores.map((_, i) => [
  [i / 16, 0],
  [1, 0.5],
])

/** The JSON of a ranking in alibi's schema, one explained example with these scores. */
export function rankingJson(
  scores: readonly number[] = exampleScores,
  {
    examples = examplePictures,
    params = {},
    topK = 5,
  }: {
    readonly examples?: readonly unknown[] | null
    readonly params?: Readonly<Record<string, unknown>>
    readonly topK?: number
  } = {},
): ExplanationJson {
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b)
  const pick = (indices: readonly number[]): unknown => [indices.map((i) => examples?.[i] ?? i)]
  return {
    meta: {
      name: 'GradientSimilarity',
      type: ['whitebox'],
      explanations: ['local'],
      params: { sim_fn_name: 'grad_dot', task_name: 'classification', ...params },
      version: '0.9.4',
    },
    data: {
      scores: [order.map((i) => scores[i])],
      ordered_indices: [order],
      most_similar: pick(order.slice(0, topK)),
      least_similar: pick(order.slice(-topK).reverse()),
    },
  }
}
