/**
 * Compares the batched gradients of random models with those of single examples, computed in
 * float64 by TensorFlow.js's own tape: `npx tsx scripts/checks/by-hand/random-models.ts [models] [first
 * seed] [cpu | wasm]`. The default seed is the time. The script prints the seed of each model that
 * is wrong or computed example by example, and then exits with status 1.
 */
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { randomTrial } from '../../../tests/support/trials/random-models.js'
import { runTrial } from '../../../tests/support/trials/trial-run.js'

/**
 * Float32 rounding in models of up to ten layers, relative to the norm of an example's gradient.
 */
const tolerance = 2e-5

const [count = '1000', firstSeed = String(Date.now() % 1e9), device = 'cpu'] = process.argv.slice(2)
if (device !== 'cpu' && device !== 'wasm')
  throw new Error(`device is '${device}'; expected cpu or wasm.`)

await tf.setBackend('cpu')
const [modelCount, first] = [count, firstSeed].map(Number) as [number, number]
console.log(`${modelCount} models on ${device} from seed ${first} on`)
let failures = 0
let largest = 0
for (let seed = first; seed < first + modelCount; seed++) {
  const { trial, batchSizes, description } = randomTrial(seed)
  const { error, warnings } = await runTrial(trial, batchSizes, device)
  trial.dispose()
  largest = Math.max(largest, error)
  if (error <= tolerance && warnings.length === 0) continue
  failures++
  console.log(`seed ${seed}: ${description}: error ${error.toExponential(1)} ${warnings.join(' ')}`)
}
console.log(
  `${modelCount - failures} passed, ${failures} failed; largest error ${largest.toExponential(1)}`,
)
process.exitCode = failures === 0 ? 0 : 1
