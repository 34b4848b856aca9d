import {
  GlAttributionBars,
  GlAttributionImage,
  GlAttributionText,
  GlExplainer,
  GlProbabilities,
  GlProgress,
  GlSimilarExamples,
} from 'gradlens/elements'

const elements = {
  'gl-attribution-bars': GlAttributionBars,
  'gl-attribution-image': GlAttributionImage,
  'gl-attribution-text': GlAttributionText,
  'gl-explainer': GlExplainer,
  'gl-probabilities': GlProbabilities,
  'gl-progress': GlProgress,
  'gl-similar-examples': GlSimilarExamples,
} as const

/** Registers the elements of the pages. `gradlens/elements/define` also registers others, which they don't use. */
export function registerElements(): void {
  for (const [name, element] of Object.entries(elements)) customElements.define(name, element)
}
