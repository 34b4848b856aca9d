import {
  GlAttributionBars,
  GlAttributionImage,
  GlAttributionText,
  GlExplainer,
  GlProbabilities,
  GlSimilarExamples,
} from './index.js'

// With them come the elements' names and events, for document.createElement and addEventListener.
export type * from './index.js'

const elements = {
  'gl-attribution-bars': GlAttributionBars,
  'gl-attribution-image': GlAttributionImage,
  'gl-attribution-text': GlAttributionText,
  'gl-explainer': GlExplainer,
  'gl-probabilities': GlProbabilities,
  'gl-similar-examples': GlSimilarExamples,
} as const

for (const [name, element] of Object.entries(elements)) {
  // Another copy of this module may have come first.
  if (customElements.get(name) === undefined) customElements.define(name, element)
}
