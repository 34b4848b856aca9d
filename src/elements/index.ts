export { GlProbabilities } from './probabilities/probabilities.js'
