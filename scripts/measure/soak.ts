/**
 * Explains MobileNetV2 with random weights again and again on wasm in Node, one thread, with random explainers,
 * sizes and aborts. It fails if an explanation fails, or if tensors, TensorFlow.js's heap or the memory of
 * the process do not return to where they were after the first explanations:
 *
 *     npx tsx scripts/measure/soak.ts --explanations 200 --size 224
 */
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { parseArgs } from 'node:util'
import { createMobileNetV2 } from '../../bench/models/mobilenet-v2.js'
import { findSoakFaults, soakExplanations, type SoakMemory } from './soak-explanations.js'

const { values } = parseArgs({
  options: {
    explanations: { type: 'string', default: '200' },
    size: { type: 'string', default: '224' },
    seed: { type: 'string', default: '1' },
  },
})
const [explanations, size, seed] = [values.explanations, values.size, values.seed].map(Number) as [
  number,
  number,
  number,
]

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`
const describe = ({ tensors, heap, resident }: SoakMemory): string =>
  `${tensors} tensors, heap ${megabytes(heap)}, process ${megabytes(resident)}`

await tf.setBackend('wasm')
const model = createMobileNetV2(size)
const startedAt = performance.now()
const report = await soakExplanations({
  ...{ model, size, classCount: 1000, explanations, seed },
  onProgress: (done) => {
    if (done % 20 === 0) console.log(`${done} of ${explanations} explanations`)
  },
})
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
console.log(`${explanations} explanations in ${seconds} s, ${report.aborted} of them aborted`)
console.log(`before: ${describe(report.before)}`)
console.log(`after:  ${describe(report.after)}`)
const faults = findSoakFaults(report)
for (const fault of faults) console.error(`FAIL ${fault}`)
process.exitCode = faults.length === 0 ? 0 : 1
