/**
 * Measures models of real size on wasm in Node, one thread, with random weights: `npx tsx
 * scripts/measure/real-models.ts --model mobilenetv2 --batch 2 --examples 4`. It prints the forward
 * pass, the first fit with its self-check, the fit and integrated gradients of 50 steps, with the
 * bytes of TensorFlow.js's heap.
 */
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { parseArgs } from 'node:util'
import { GradientSimilarity, IntegratedGradients, type NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { createMobileNetV2 } from '../../bench/models/mobilenet-v2.js'
import { createResNet50 } from '../../bench/models/resnet-50.js'

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'mobilenetv2' },
    size: { type: 'string', default: '224' },
    batch: { type: 'string', default: '2' },
    examples: { type: 'string', default: '4' },
    steps: { type: 'string', default: '50' },
  },
})
const creators = { mobilenetv2: createMobileNetV2, resnet50: createResNet50 }
const create = creators[values.model as keyof typeof creators]
const [size, batchSize, exampleCount, nSteps] = [
  values.size,
  values.batch,
  values.examples,
  values.steps,
].map(Number) as [number, number, number, number]

await tf.setBackend('wasm')
const model = create(size)
const examples = (count: number): NdArray => ({
  data: Float32Array.from({ length: count * size * size * 3 }, (_, k) => Math.sin(k * 12.9898)),
  shape: [count, size, size, 3],
})
const labels = (count: number): NdArray => ({
  data: Int32Array.from({ length: count }, (_, k) => (k * 7) % 1000),
  shape: [count],
})

async function measure(title: string, count: number, work: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now()
  await work()
  const perExample = (performance.now() - startedAt) / count
  const { wasm } = tf.backend() as unknown as { wasm: { HEAP8: Int8Array } }
  const heapMb = (wasm.HEAP8.byteLength / 1e6).toFixed(0)
  console.log(
    `${title.padEnd(32)} ${perExample.toFixed(1).padStart(9)} ms per example, heap ${heapMb} MB`,
  )
}

const predict = async (): Promise<void> => {
  const { data, shape } = examples(batchSize)
  const output = tf.tidy(() => model.predict(tf.tensor(data, [...shape])) as tf.Tensor)
  await output.data()
  output.dispose()
}
await predict()
await measure('forward', batchSize, predict)
const predictor = tfjsPredictor(model)
const similarity = new GradientSimilarity(predictor, 'sparseCategoricalCrossentropy', {
  ...{ precomputeGrads: true, batchSize, device: 'wasm' },
})
await measure('first fit, with the self-check', batchSize, () =>
  similarity.fit(examples(batchSize), labels(batchSize)),
)
await measure('fit', exampleCount, () =>
  similarity.fit(examples(exampleCount), labels(exampleCount)),
)
console.log(`stored per example: ${(similarity.gradientBytes / exampleCount / 1e6).toFixed(2)} MB`)
similarity.dispose()
const integrated = new IntegratedGradients(predictor, {
  ...{ nSteps, internalBatchSize: batchSize, device: 'wasm' },
})
await measure(`integrated gradients, ${nSteps} steps`, 1, () =>
  integrated.explain(examples(1), { target: 3 }),
)
integrated.dispose()
