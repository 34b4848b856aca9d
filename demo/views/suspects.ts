import { GlSimilarExamples, type GlExplainer } from 'gradlens/elements'
import { countMarked, listedCount, type Suspects } from '../data/suspects.js'
import { find } from '../dom.js'

/** What is listed: the ranking, and how the explainer shows training examples. */
export interface SuspectsOptions {
  readonly suspects: Suspects
  readonly explainer: GlExplainer
  /** Shows all training examples in an element. */
  readonly showReferences: (element: GlSimilarExamples) => void
  readonly ask: (index: number) => void
}

/** The list of the labels to check. */
export interface SuspectsView {
  showPredictions(predictions: GlExplainer['trainPredictions']): void
}

/** Lists the most suspect labels, each of which can be asked about, and marks them in the explainer. */
export function createSuspects({
  suspects: { exampleCount, orderedIndices, scores },
  explainer,
  showReferences,
  ask,
}: SuspectsOptions): SuspectsView {
  explainer.trainSuspects = orderedIndices.slice(0, countMarked(exampleCount))
  const list = find('#suspects', GlSimilarExamples)
  const ofAll = new Float64Array(exampleCount).fill(NaN)
  orderedIndices.forEach((index, rank) => (ofAll[index] = scores[rank]!))
  list.explanation = {
    meta: { name: 'rankSuspectLabels' },
    data: {
      scores: { data: ofAll, shape: [exampleCount] },
      orderedIndices: { data: Int32Array.from(orderedIndices), shape: [orderedIndices.length] },
    },
  }
  const { kind, labels, ink } = explainer
  Object.assign(list, { kind, labels, ink, count: listedCount })
  showReferences(list)
  list.addEventListener('gl-example-select', ({ detail }) => {
    ask(detail.index)
  })
  return {
    showPredictions(predictions) {
      list.trainPredictions = predictions
    },
  }
}
