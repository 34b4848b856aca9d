import { GlProbabilities } from './index.js'

const elements = { 'gl-probabilities': GlProbabilities } as const

for (const [name, element] of Object.entries(elements)) {
  // Another copy of this module may have come first.
  if (customElements.get(name) === undefined) customElements.define(name, element)
}
