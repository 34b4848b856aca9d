/**
 * Measures the gradients of the same nets in ONNX Runtime and in TensorFlow.js, in alternation and one thread: `npx tsx
 * scripts/measure/onnx.ts --rounds 5`. With `--model FILE.onnx --tokens 20`, it also measures a model of token ids. It
 * prints milliseconds of processor time per example, and how far the scores of the two differ.
 */
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { GradientSimilarity, type DeviceChoice, type NdArray, type Predictor } from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import { tfjsPredictor } from 'gradlens/tfjs'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import * as native from 'onnxruntime-node'
import * as web from 'onnxruntime-web'
import { type Layer, weightShapes } from '../../bench/layers.js'
import type { OnnxNode, OnnxTensor } from '../../src/onnx/model/onnx-model.js'
import { createModel } from '../../bench/page/model.js'
import { bytesOf, floats, nodeOf } from '../../tests/support/onnx/onnx-models.js'
import { seededNormal } from '../../src/random.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    examples: { type: 'string', default: '64' },
    model: { type: 'string' },
    tokens: { type: 'string', default: '32' },
  },
})
const [rounds, exampleCount, tokens] = [values.rounds, values.examples, values.tokens].map(
  Number,
) as [number, number, number]
const batchSize = 32

interface Net {
  readonly title: string
  readonly inputShape: readonly number[]
  readonly layers: readonly Layer[]
}

const dense = (units: number, activation: 'relu' | 'softmax'): Layer => ({
  kind: 'dense',
  units,
  activation,
})
const convolution = (filters: number): Layer => ({
  kind: 'convolution',
  filters,
  kernelSize: 2,
  padding: 'same',
})

const nets: readonly Net[] = [
  {
    title: '384–256–20 MLP',
    inputShape: [384],
    layers: [dense(256, 'relu'), dense(20, 'softmax')],
  },
  {
    title: "MNIST net of alibi's notebook",
    inputShape: [28, 28, 1],
    layers: [
      ...[convolution(64), { kind: 'pooling' } as const],
      ...[convolution(32), { kind: 'pooling' } as const],
      ...[{ kind: 'flatten' } as const, dense(256, 'relu'), dense(10, 'softmax')],
    ],
  },
]

function createWeights(shapes: readonly (readonly number[])[]): NdArray[] {
  return shapes.map((shape, k) => {
    const random = seededNormal(k)
    const size = shape.reduce((product, length) => product * length, 1)
    const scale = shape.length === 1 ? 0.01 : Math.sqrt(2 / (size / shape.at(-1)!))
    return { data: Float32Array.from({ length: size }, () => scale * random()), shape }
  })
}

/** The net as an .onnx file that takes the examples of TensorFlow.js, with one channel. */
function createOnnx({ inputShape, layers }: Net, weights: readonly NdArray[]): Uint8Array {
  const nodes: OnnxNode[] = []
  const constants: Record<string, OnnxTensor> = {}
  let tensor = 'x'
  let next = 0
  const add = (op: string, inputs: readonly string[], attributes: object = {}): void => {
    const output = `t${nodes.length}`
    nodes.push(nodeOf(op, inputs, output, attributes as never))
    tensor = output
  }
  const constant = (values: ArrayLike<number>, shape: readonly number[]): string => {
    const name = `w${next++}`
    constants[name] = floats(values, shape)
    return name
  }
  const own = [...weights]
  if (inputShape.length === 3) add('Transpose', [tensor], { perm: [0, 3, 1, 2] })
  for (const layer of layers) {
    switch (layer.kind) {
      case 'convolution': {
        const [kernel, bias] = [own.shift()!, own.shift()!]
        const [height = 1, width = 1, channels = 1, filters = 1] = kernel.shape
        const moved = Float32Array.from(kernel.data, (_, at) => {
          const [j, i] = [at % width, Math.floor(at / width) % height]
          const c = Math.floor(at / (width * height)) % channels
          const p = Math.floor(at / (width * height * channels))
          return kernel.data[((i * width + j) * channels + c) * filters + p]!
        })
        add(
          'Conv',
          [
            tensor,
            constant(moved, [filters, channels, height, width]),
            constant(bias.data, bias.shape),
          ],
          { pads: [0, 0, 1, 1] },
        )
        add('Relu', [tensor])
        break
      }
      case 'pooling':
        add('MaxPool', [tensor], { kernel_shape: [2, 2], strides: [2, 2] })
        break
      case 'flatten':
        add('Transpose', [tensor], { perm: [0, 2, 3, 1] })
        add('Flatten', [tensor])
        break
      case 'dense': {
        const [kernel, bias] = [own.shift()!, own.shift()!]
        add('Gemm', [tensor, constant(kernel.data, kernel.shape), constant(bias.data, bias.shape)])
        add(layer.activation === 'relu' ? 'Relu' : 'Softmax', [tensor])
      }
    }
  }
  return bytesOf({ nodes, constants, inputs: { x: inputShape }, outputs: [tensor] })
}

/** Processor time in milliseconds, which other programs on the machine do not change. */
function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}

interface Contestant {
  readonly title: string
  readonly fit: () => Promise<unknown>
  readonly explain: () => Promise<Float32Array>
}

function contestantOf<Value>(
  title: string,
  predictor: Predictor<Value>,
  device: DeviceChoice,
  [x, y]: readonly [NdArray, NdArray],
  loss: 'sparseCategoricalCrossentropy' | 'sparseCategoricalCrossentropyFromLogits',
): Contestant {
  const explainer = new GradientSimilarity(predictor, loss, {
    ...{ device, batchSize, precomputeGrads: true },
  })
  return {
    title,
    fit: () => explainer.fit(x, y),
    explain: async () => {
      const size = x.data.length / exampleCount
      const question = { data: x.data.slice(0, size), shape: [1, ...x.shape.slice(1)] }
      const { data } = await explainer.explain(question)
      return data.scores.data as Float32Array
    },
  }
}

async function compare(title: string, contestants: readonly Contestant[]): Promise<void> {
  const times = contestants.map((): number[] => [])
  for (const { fit } of contestants) await fit()
  for (let round = 0; round < rounds; round++) {
    for (const [k, { fit }] of contestants.entries()) {
      const startedAt = processorMs()
      await fit()
      times[k]!.push((processorMs() - startedAt) / exampleCount)
    }
  }
  const medians = times.map((own) => own.sort((a, b) => a - b)[Math.floor(rounds / 2)]!)
  const scores: Float32Array[] = []
  for (const { explain } of contestants) scores.push(await explain())
  const largest = Math.max(...scores[0]!.map(Math.abs))
  console.log(title)
  for (const [k, own] of contestants.entries()) {
    const difference = Math.max(...scores[k]!.map((value, i) => Math.abs(value - scores[0]![i]!)))
    const ratio = (medians[k]! / medians[0]!).toFixed(2)
    console.log(
      `  ${own.title.padEnd(30)} ${medians[k]!.toFixed(3).padStart(8)} ms per example, × ${ratio}, ` +
        `scores differ by ${(difference / largest).toExponential(1)}`,
    )
  }
}

await tf.setBackend('wasm')
web.env.wasm.numThreads = 1
const normal = seededNormal(99)
for (const net of nets) {
  const weights = createWeights(weightShapes(net.inputShape, net.layers))
  const size = net.inputShape.reduce((product, length) => product * length, 1)
  const x = {
    data: Float32Array.from({ length: exampleCount * size }, () => normal()),
    shape: [exampleCount, ...net.inputShape],
  }
  const y = {
    data: Int32Array.from({ length: exampleCount }, (_, k) => k % 10),
    shape: [exampleCount],
  }
  const bytes = createOnnx(net, weights)
  const loss = 'sparseCategoricalCrossentropy'
  const model = createModel({ description: net, weights } as never)
  await compare(net.title, [
    contestantOf('TensorFlow.js, wasm', tfjsPredictor(model), 'wasm', [x, y], loss),
    contestantOf('onnxruntime-web, wasm', await onnxPredictor(web, bytes), 'wasm', [x, y], loss),
    contestantOf('onnxruntime-node', await onnxPredictor(native, bytes), 'native', [x, y], loss),
  ])
}
if (values.model !== undefined) {
  const bytes = readFileSync(values.model)
  const predictor = await onnxPredictor(web, bytes)
  const [length = tokens] = predictor.inputs[0]!.shape
  const x = {
    data: Int32Array.from({ length: exampleCount * (length ?? tokens) }, (_, k) => (k * 7) % 13),
    shape: [exampleCount, length ?? tokens],
  }
  const y = {
    data: Int32Array.from({ length: exampleCount }, (_, k) => k % 2),
    shape: [exampleCount],
  }
  const loss = 'sparseCategoricalCrossentropyFromLogits'
  await compare(values.model, [
    contestantOf('onnxruntime-web, wasm', predictor, 'wasm', [x, y], loss),
    contestantOf('onnxruntime-node', await onnxPredictor(native, bytes), 'native', [x, y], loss),
  ])
}
