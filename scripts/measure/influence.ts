/**
 * Measures what a curvature costs next to a fit and an explanation of grad_dot, on wasm in Node, for a small net of digits
 * or a wide one: `npx tsx scripts/measure/influence.ts digits 1000`, `… wide 300`. It prints the seconds of processor time
 * of each step, the least of three, and their ratio to grad_dot's.
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

/** The least processor time of three calls, after one that compiles. */
async function measure(call: () => Promise<unknown>): Promise<number> {
  await call()
  let least = Infinity
  for (let round = 0; round < 3; round++) {
    const before = process.cpuUsage()
    await call()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1e6)
  }
  return least
}

const similarity = new GradientSimilarity(predictor, loss, options)
const fit = await measure(() => similarity.fit(x, y))
const explain = await measure(() => similarity.explain(question))
console.log(`grad_dot: fit ${fit.toFixed(2)} s, explain ${explain.toFixed(3)} s`)
for (const curvature of ['diagonal', 'kfac', 'ekfac'] as const) {
  const influence = new InfluenceFunctions(predictor, loss, { ...options, curvature })
  await influence.fit(x, y)
  const factors = await measure(() => influence.fitCurvature(x, y))
  const own = await measure(() => influence.explain(question))
  console.log(
    `${curvature}: factors ${factors.toFixed(2)} s, ${(factors / fit).toFixed(1)} × a fit; ` +
      `explain ${own.toFixed(3)} s, ${(own / explain).toFixed(1)} ×`,
  )
}
