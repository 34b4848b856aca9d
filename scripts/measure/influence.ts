/**
 * Measures what a curvature costs next to a fit and an explanation of grad_dot, on wasm in Node, for a small net of digits
 * or a wide one: `npx tsx scripts/measure/influence.ts digits 1000`, `… wide 300`. It prints the processor time of
 * each step, the least of some rounds in which they take turns, and its ratio to grad_dot's.
 */
import process from 'node:process'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { GradientSimilarity } from '../../src/explainers/gradient-similarity.js'
import { InfluenceFunctions } from '../../src/influence/influence-functions.js'
import { seededRandom } from '../../src/random.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'

const [net = 'digits', count = '1000'] = process.argv.slice(2)
const exampleCount = Number(count)
const [firstFilters, filters, units, kernelSize] =
  net === 'wide' ? ([64, 32, 256, 2] as const) : ([8, 16, 32, 3] as const)

await tf.setBackend('cpu')
const shared = { kernelSize, activation: 'relu', padding: 'same' } as const
const model = tf.sequential({
  layers: [
    tf.layers.conv2d({ ...shared, inputShape: [28, 28, 1], filters: firstFilters }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.conv2d({ ...shared, filters }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.flatten(),
    tf.layers.dense({ units, activation: 'relu' }),
    tf.layers.dense({ units: 10, activation: 'softmax' }),
  ],
})
const random = seededRandom(1)
const images = (length: number): { data: Float32Array; shape: number[] } => ({
  data: Float32Array.from({ length: length * 784 }, () => Math.max(0, random() - 0.6)),
  shape: [length, 28, 28, 1],
})
const x = images(exampleCount)
const y = Array.from({ length: exampleCount }, () => Math.floor(10 * random()))
const question = images(1)
const predictor = tfjsPredictor(model)
const loss = 'sparseCategoricalCrossentropy'
const options = { device: 'wasm', precomputeGrads: true } as const

const similarity = new GradientSimilarity(predictor, loss, options)
const influences = (['diagonal', 'kfac', 'ekfac'] as const).map((curvature) => ({
  curvature,
  explainer: new InfluenceFunctions(predictor, loss, { ...options, curvature }),
}))
await similarity.fit(x, y)
for (const { explainer } of influences) await explainer.fit(x, y)

const [fit = NaN, ...factors] = await measureInTurn(
  [
    () => similarity.fit(x, y),
    ...influences.map(
      ({ explainer }) =>
        () =>
          explainer.fitCurvature(x, y),
    ),
  ],
  { calls: 1, warmUps: 1, rounds: 4 },
)
const [explain = NaN, ...explanations] = await measureInTurn(
  [similarity, ...influences.map(({ explainer }) => explainer)].map(
    (explainer) => () => explainer.explain(question),
  ),
  { calls: 4, warmUps: 50, rounds: 30 },
)
console.log(`grad_dot: fit ${fit.toFixed(2)} s, explain ${toMilliseconds(explain)}`)
for (const [k, { curvature }] of influences.entries()) {
  const [own, explanation] = [factors[k]!, explanations[k]!]
  console.log(
    `${curvature}: factors ${own.toFixed(2)} s, ${(own / fit).toFixed(1)} × a fit; ` +
      `explain ${toMilliseconds(explanation)}, ${(explanation / explain).toFixed(1)} ×`,
  )
}

/** Measures steps in turn, so that other programs disturb all alike. Returns the least processor time of each. */
async function measureInTurn(
  steps: readonly (() => Promise<unknown>)[],
  { calls, warmUps, rounds }: { calls: number; warmUps: number; rounds: number },
): Promise<number[]> {
  for (const step of steps) {
    for (let k = 0; k < warmUps; k++) await step()
  }
  const least = steps.map(() => Infinity)
  for (let round = 0; round < rounds; round++) {
    for (const [k, step] of steps.entries()) {
      const before = process.cpuUsage()
      for (let call = 0; call < calls; call++) await step()
      const { user, system } = process.cpuUsage(before)
      least[k] = Math.min(least[k]!, (user + system) / 1e6 / calls)
    }
  }
  return least
}

function toMilliseconds(seconds: number): string {
  return `${(1000 * seconds).toFixed(1)} ms`
}
