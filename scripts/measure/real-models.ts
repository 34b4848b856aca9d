/**
 * Measures models of real size on wasm in Node, one thread, with random weights: `npx tsx
 * scripts/measure/real-models.ts --model mobilenetv2 --batch 2 --examples 4`. The models are
 * mobilenetv2, resnet50, distilbert, bert and newsgroups. It prints the forward pass, the first fit with its
 * self-check, the fit and integrated gradients of 50 steps, with the bytes of TensorFlow.js's heap.
 * `--profile` adds the time of each kernel.
 */
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { parseArgs } from 'node:util'
import { GradientSimilarity, IntegratedGradients, type NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { KernelTimes } from './kernel-times.js'
import { createMeasuredModel } from '../../bench/models/measured-models.js'

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'mobilenetv2' },
    size: { type: 'string', default: '224' },
    batch: { type: 'string', default: '2' },
    examples: { type: 'string', default: '4' },
    steps: { type: 'string', default: '50' },
    profile: { type: 'boolean', default: false },
  },
})
const [size, exampleCount, nSteps] = [values.size, values.examples, values.steps].map(Number) as [
  number,
  number,
  number,
]
const batchSize = values.batch === 'auto' ? 'auto' : Number(values.batch)
const create = createMeasuredModel[values.model]
if (create === undefined) {
  throw new Error(
    `--model: got '${values.model}'; expected ${Object.keys(createMeasuredModel).join(', ')}.`,
  )
}

const times = values.profile ? new KernelTimes() : undefined
await tf.setBackend('wasm')
const { model, examples, classCount, loss, layer } = await create(size)
const labels = (count: number): NdArray => ({
  data: Int32Array.from({ length: count }, (_, k) => (k * 7) % classCount),
  shape: [count],
})

async function measure(title: string, count: number, work: () => Promise<unknown>): Promise<void> {
  times?.reset()
  const startedAt = performance.now()
  const before = process.cpuUsage()
  await work()
  const perExample = (performance.now() - startedAt) / count
  const { user, system } = process.cpuUsage(before)
  const cpuMs = (user + system) / 1e3 / count
  const { wasm } = tf.backend() as unknown as { wasm: { HEAP8: Int8Array } }
  const heapMb = (wasm.HEAP8.byteLength / 1e6).toFixed(0)
  const processMb = (process.resourceUsage().maxRSS / 1e3).toFixed(0)
  console.log(
    `${title.padEnd(32)} ${perExample.toFixed(1).padStart(9)} ms per example ` +
      `(${cpuMs.toFixed(1)} ms of processor time), heap ${heapMb} MB, process at most ${processMb} MB`,
  )
  times?.print(count)
}

const forwardCount = batchSize === 'auto' ? 2 : batchSize
const predict = async (): Promise<void> => {
  const inputs = [examples(forwardCount)].flat()
  const output = tf.tidy(() => {
    const tensors = inputs.map(({ data, shape }) => {
      const dtype = data instanceof Int32Array ? 'int32' : 'float32'
      return tf.tensor(data, [...shape], dtype)
    })
    return model.predict(tensors.length === 1 ? tensors[0]! : tensors) as tf.Tensor
  })
  await output.data()
  output.dispose()
}
await predict()
await measure('forward', forwardCount, predict)
const predictor = model instanceof tf.GraphModel ? tfjsPredictor(model) : tfjsPredictor(model)
const similarity = new GradientSimilarity(predictor, loss, {
  ...{ precomputeGrads: true, batchSize, device: 'wasm' },
})
await measure('first fit, with the self-check', forwardCount, () =>
  similarity.fit(examples(forwardCount), labels(forwardCount)),
)
await measure('fit', exampleCount, () =>
  similarity.fit(examples(exampleCount), labels(exampleCount)),
)
console.log(`stored per example: ${(similarity.gradientBytes / exampleCount / 1e6).toFixed(2)} MB`)
similarity.dispose()
const integrated = new IntegratedGradients(predictor, {
  ...{ nSteps, internalBatchSize: batchSize, device: 'wasm' },
  ...(layer === undefined ? {} : { layer }),
})
await measure(`integrated gradients, ${nSteps} steps`, 1, () =>
  integrated.explain(examples(1), { target: 1 }),
)
integrated.dispose()
