export type { ElementState, StateChange } from './base/element.js'
export type { ExplanationSource } from './base/explanation-source.js'
export type { ClassProbability } from './probabilities/class-probabilities.js'
export { GlProbabilities } from './probabilities/probabilities.js'
