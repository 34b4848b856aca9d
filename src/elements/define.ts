import {
  GlAttributionBars,
  GlAttributionImage,
  GlAttributionSeries,
  GlAttributionText,
  GlExplainer,
  GlExplanation,
  GlProbabilities,
  GlProgress,
  GlSimilarExamples,
} from './index.js'

// These types give document.createElement and addEventListener the elements' names and events.
export type * from './index.js'

const elements = {
  'gl-attribution-bars': GlAttributionBars,
  'gl-attribution-image': GlAttributionImage,
  'gl-attribution-series': GlAttributionSeries,
  'gl-attribution-text': GlAttributionText,
  'gl-explainer': GlExplainer,
  'gl-explanation': GlExplanation,
  'gl-probabilities': GlProbabilities,
  'gl-progress': GlProgress,
  'gl-similar-examples': GlSimilarExamples,
} as const

// A server that renders the page has no elements to register.
const { customElements: registry } = globalThis as { customElements?: CustomElementRegistry }
for (const [name, element] of Object.entries(elements)) {
  // Another copy of this module may have registered the elements already.
  if (registry?.get(name) === undefined) registry?.define(name, element)
}
