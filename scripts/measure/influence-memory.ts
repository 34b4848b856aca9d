/**
 * Measures the memory that `fitCurvature` takes at once, next to what `estimate` states, for three nets on wasm in Node:
 * `node --expose-gc --import tsx scripts/measure/influence-memory.ts`. It collects garbage before and after the call and at
 * every pause, and counts the arrays and the workspaces that are left then, also those of a batch, which `estimate` leaves
 * out.
 */
import process from 'node:process'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { InfluenceFunctions } from '../../src/influence/influence-functions.js'
import { seededRandom } from '../../src/random.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'

await tf.setBackend('cpu')

const collect = globalThis.gc as (options?: { readonly execution: 'async' }) => Promise<void>

/** The memories of workspaces for matrices. */
const memories: WeakRef<WebAssembly.Memory>[] = []
const { instantiate } = WebAssembly
WebAssembly.instantiate = (async (...given: Parameters<typeof instantiate>) => {
  const result = await instantiate(...given)
  // Given a module, it returns an instance.
  if (result instanceof WebAssembly.Instance && 'multiplyLower' in result.exports) {
    memories.push(new WeakRef(result.exports['memory'] as WebAssembly.Memory))
  }
  return result
}) as typeof instantiate

function measureBytes(): number {
  // The second time, the arrays that the first one found are freed.
  void collect()
  void collect()
  const spaces = memories.reduce((sum, each) => sum + (each.deref()?.buffer.byteLength ?? 0), 0)
  return process.memoryUsage().arrayBuffers + spaces
}

/** Collects in tasks of its own what the calls before have left: until a task ends, its references keep garbage. */
async function measureBetweenCalls(): Promise<number> {
  let [before, bytes] = [Infinity, measureBytes()]
  while (bytes < before) {
    await collect({ execution: 'async' })
    ;[before, bytes] = [bytes, measureBytes()]
  }
  return bytes
}

let largest = 0
const { MessageChannel } = globalThis
globalThis.MessageChannel = class extends MessageChannel {
  constructor() {
    super()
    largest = Math.max(largest, measureBytes())
  }
}

const random = seededRandom(1)
const arrays = (shape: readonly number[], draw: () => number): tf.Tensor =>
  tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b) }, draw), [...shape])
const pixels = (): number => Math.max(0, random() - 0.6)

const nets = [
  {
    title: 'convolutions and a dense layer of 784 inputs',
    x: arrays([100, 28, 28, 1], pixels),
    layers: [
      tf.layers.conv2d({ inputShape: [28, 28, 1], filters: 8, kernelSize: 3, padding: 'same' }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.conv2d({ filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 32, activation: 'relu' }),
    ],
  },
  {
    title: 'two dense layers of 1,200 and 400 inputs',
    x: arrays([100, 1200], pixels),
    layers: [
      tf.layers.dense({ inputShape: [1200], units: 400, activation: 'relu' }),
      tf.layers.dense({ units: 100, activation: 'relu' }),
    ],
  },
  {
    title: 'embeddings and a recurrent layer',
    x: arrays([100, 20], () => Math.floor(500 * random())),
    layers: [
      tf.layers.embedding({ inputDim: 500, outputDim: 64, inputLength: 20 }),
      tf.layers.simpleRNN({ units: 256, recurrentInitializer: 'glorotUniform' }),
    ],
  },
]

for (const { title, x, layers } of nets) {
  const model = tf.sequential({
    layers: [...layers, tf.layers.dense({ units: 10, activation: 'softmax' })],
  })
  const y = Array.from({ length: x.shape[0] }, () => Math.floor(10 * random()))
  for (const curvature of ['ekfac', 'kfac', 'diagonal'] as const) {
    const options = { device: 'wasm', curvature, batchSize: 16 } as const
    using explainer = new InfluenceFunctions(
      tfjsPredictor(model),
      'sparseCategoricalCrossentropy',
      options,
    )
    const estimate = await explainer.estimate(x, y)
    const { fitBytes = 0 } = estimate.curvature ?? {}
    const before = await measureBetweenCalls()
    largest = 0
    await explainer.fitCurvature(x, y)
    const measured = Math.max(largest, await measureBetweenCalls()) - before
    console.log(
      `${title}, ${curvature}: measured ${toMegabytes(measured)}, estimate ${toMegabytes(fitBytes)}`,
    )
  }
}

function toMegabytes(byteLength: number): string {
  return `${(byteLength / 1e6).toFixed(2)} MB`
}
