import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { encodeFrame } from 'gradlens/frame'
import { Explanation } from 'gradlens'
import { seededRandom } from '../../src/random.js'

/** Writes explanation.safetensors: a ranking of 40 training images, as the code in docs/embedding/index.md loads it. */
export function writeExplanation(folder: string): void {
  const random = seededRandom(5)
  const draw = (length: number): number[] => Array.from({ length }, () => random())
  const scores = draw(40).sort((a, b) => b - a)
  const images = (): number[][][] =>
    Array.from({ length: 5 }, () => Array.from({ length: 8 }, () => draw(8)))
  const explanation = Explanation.fromJSON({
    meta: {
      name: 'GradientSimilarity',
      type: ['whitebox'],
      explanations: ['local'],
      params: {},
      version: '0',
    },
    data: {
      scores: [scores],
      ordered_indices: [Array.from({ length: 40 }, (_, i) => 39 - i)],
      most_similar: [images()],
      least_similar: [images()],
    },
  })
  const side = {
    trainLabels: Array.from({ length: 40 }, (_, i) => i % 3),
    labels: ['zero', 'one', 'two'],
  }
  writeFileSync(path.join(folder, 'explanation.safetensors'), encodeFrame(explanation, side))
}
