import { readExplanation } from '../../../src/elements/base/source/open-explanation.js'
import {
  createSimilarityView,
  type SimilarityView,
  type SimilarityViewOptions,
} from '../../../src/elements/similar-examples/similarity-view.js'
import { exampleLabels, rankingJson } from '../gradients/ranking-fixtures.js'

/** The options of an element without any properties set. */
export const noOptions: SimilarityViewOptions = {
  index: 0,
  kind: null,
  examples: null,
  urlTemplate: null,
  channels: null,
  labels: [],
  trainLabels: null,
  trainPredictions: null,
  trainSuspects: null,
  predicted: null,
  count: null,
  trainNames: [],
  explainedIndex: null,
  nouns: ['training example', 'training examples'],
}

/** The options of an element with labels of the training examples and a predicted class. */
export const labelled = { ...noOptions, trainLabels: exampleLabels, predicted: 1 } as const

/** The view of an explanation with the given options. */
export const viewSimilarity = (
  options: Partial<SimilarityViewOptions> = {},
  explanation: unknown = rankingJson(),
): SimilarityView =>
  createSimilarityView(readExplanation(explanation), { ...noOptions, ...options })

/** The numbers of the training examples in a part of a view. */
export const indicesOf = (examples: SimilarityView['most']): (number | undefined)[] =>
  examples.map(({ index }) => index)
