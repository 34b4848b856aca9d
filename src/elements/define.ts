import { GlProbabilities } from './index.js'

customElements.define('gl-probabilities', GlProbabilities)
