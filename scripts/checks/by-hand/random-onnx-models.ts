/**
 * Compares random ONNX models that are converted to TensorFlow.js with ONNX Runtime:
 * `npx tsx scripts/checks/by-hand/random-onnx-models.ts [models] [first seed]`. The default seed is the
 * time. The script prints the seed of each model that is refused or has other outputs, and then
 * exits with status 1 if one has other outputs.
 */
import * as tf from '@tensorflow/tfjs'
import { isGradlensError } from '../../../src/errors.js'
import { compareWithRuntime } from '../../../tests/support/onnx/compare-converted.js'
import { randomOnnxModel } from '../../../tests/support/onnx/random/random-model.js'

/** Float32 rounding in models of up to eight operators, relative to the largest output. */
const tolerance = 5e-6

const [count = '1000', firstSeed = String(Date.now() % 1e9)] = process.argv.slice(2)
const [modelCount, first] = [count, firstSeed].map(Number) as [number, number]
await tf.setBackend('cpu')
console.log(`${modelCount} models from seed ${first} on`)
let [failures, refused, largest, close] = [0, 0, 0, 0]
for (let seed = first; seed < first + modelCount; seed++) {
  const model = randomOnnxModel(seed)
  try {
    const error = await compareWithRuntime(model, seed)
    largest = Math.max(largest, error)
    if (error <= 1e-6) close++
    if (error <= tolerance) continue
    failures++
    console.log(`seed ${seed}: ${model.description}: error ${error.toExponential(1)}`)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (isGradlensError(error, 'UnsupportedError')) refused++
    else failures++
    console.log(`seed ${seed}: ${model.description}: ${message}`)
  }
}
console.log(
  `${modelCount - failures - refused} passed (${close} within 1e-6), ${refused} refused, ${failures} failed; ` +
    `largest error ${largest.toExponential(1)}`,
)
process.exitCode = failures === 0 ? 0 : 1
