import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import * as tf from '@tensorflow/tfjs'
import { decodeFrame } from 'gradlens/frame'
import { type LiveOptions, reportHtml } from 'gradlens/report'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { convertOnnx } from '../../../src/live/convert-onnx.js'
import type { OnnxDescription } from '../../../src/live/live-files.js'
import { openLivePart } from '../../../src/live/open-live-part.js'
import { layerClassNames } from '../../support/cases/layer-cases.js'
import { externalModel } from '../../support/onnx/external-model.js'
import { bytesOf, floats, nodeOf } from '../../support/onnx/onnx-models.js'

const elements = 'globalThis.ran = true'
const codeHash = `sha256-${createHash('sha256').update('code').digest('base64')}`
const liveKit = `/*! gradlens 0.1.0, code ${codeHash} */\nglobalThis.live = true`

let model: tf.LayersModel
let live: LiveOptions

beforeEach(() => {
  model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] })
  const examples = [
    [1, 2, 3],
    [4, 5, 6],
  ]
  live = {
    model,
    x: examples,
    xTrain: examples,
    yTrain: [
      [1, 2],
      [3, 4],
    ],
    loss: 'meanSquaredError',
  }
})

afterEach(() => {
  model.dispose()
})

const write = (options: object): Promise<string> =>
  reportHtml([], { elements, liveKit, live: { ...live, ...options } })

it('contains the model, its weights and the examples', async () => {
  const html = await write({ side: { features: ['a', 'b', '</script>'] } })
  const text = /<script type="application\/x-gradlens-live">([^<]+)<\/script>/.exec(html)![1]!
  const { explanation, side } = decodeFrame(gunzipSync(Buffer.from(text, 'base64')))
  const data = explanation.data as unknown as Record<string, { data: Float32Array }>
  const params = explanation.meta.params as unknown as { model: string; loss: object }
  const again = await tf.loadLayersModel(
    tf.io.fromMemory({
      ...(JSON.parse(params.model) as tf.io.ModelArtifacts),
      weightData: Uint8Array.from(data['weights']!.data).buffer,
    }),
  )
  expect(again.getWeights().map((weight) => weight.dataSync())).toEqual(
    model.getWeights().map((weight) => weight.dataSync()),
  )
  again.dispose()
  expect(params.loss).toEqual({ name: 'meanSquaredError' })
  expect(data['examples']).toMatchObject([
    { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  ])
  expect(data['trainLabels']).toMatchObject({ data: Float32Array.of(1, 2, 3, 4) })
  expect(side).toEqual({ features: ['a', 'b', '</script>'] })
  expect(html.match(/<\/script>/g)).toHaveLength(3)
})

it('allows its scripts, their code, workers from blobs, and WebAssembly', async () => {
  const html = await write({})
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)![1]!.split('; ')
  const hash = (text: string): string =>
    `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  expect(policy).toContain(
    `script-src ${hash(elements)} ${hash(liveKit)} '${codeHash}' 'wasm-unsafe-eval'`,
  )
  expect(policy).toContain('worker-src blob:')
  expect(policy).toContain(`style-src ${hash(/<style>([^<]+)<\/style>/.exec(html)![1]!)}`)
})

class OwnLayer extends tf.layers.Layer {
  static className = 'OwnLayer'
}

it('refuses layers that TensorFlow.js does not have', async () => {
  const own = new OwnLayer({ name: 'mine', inputShape: [3] })
  const given = tf.sequential({
    layers: [tf.layers.timeDistributed({ layer: own, inputShape: [2, 3] })],
  })
  await expect(write({ model: given })).rejects.toThrow(
    "live.model: got the layer 'mine' of the class 'OwnLayer'; expected only layers that TensorFlow.js has",
  )
  given.dispose()
})

it('accepts every layer of TensorFlow.js', async () => {
  const models = ['Functional', 'Model', 'Sequential']
  const cells = ['ConvLSTM2DCell', 'GRUCell', 'LSTMCell', 'SimpleRNNCell', 'StackedRNNCells']
  const names = [...layerClassNames(), ...models, ...cells]
  expect(names.length).toBeGreaterThan(60)
  const layers = names.map((name) => ({ class_name: name, config: { name } }))
  const all = {
    save: (handler: { save(artifacts: unknown): Promise<unknown> }) =>
      handler.save({ modelTopology: { class_name: 'Sequential', config: { layers } } }),
  }
  await expect(write({ model: all })).resolves.toContain('x-gradlens-live')
})

const onnxFile = (op: string): Uint8Array =>
  bytesOf({
    nodes: [nodeOf('Gemm', ['x', 'w'], 'sum'), nodeOf(op, ['sum'], 'y')],
    constants: { w: floats([1, 2, 3, 4, 5, 6], [3, 2]) },
    inputs: { x: [3] },
    outputs: ['y'],
  })

it('contains the file of an ONNX model, which the page converts', async () => {
  const file = onnxFile('Relu')
  const html = await write({ model: file, layer: 'sum' })
  const text = /<script type="application\/x-gradlens-live">([^<]+)<\/script>/.exec(html)![1]!
  const { params, files } = openLivePart(gunzipSync(Buffer.from(text, 'base64')))
  expect(params.layer).toBe('sum')
  expect(files.model).toEqual({
    format: 'onnx',
    shapes: [[3]],
    files: [{ name: 'model.onnx', byteLength: file.length }],
  })
  expect(files.weights).toEqual(file)
  const conversion = convertOnnx(files.model as OnnxDescription, files.weights, undefined)
  expect(conversion.description.userDefinedMetadata.parameters).toEqual({ w: 'w' })
  expect(conversion.findLayer('layer', 'sum')).toBe('sum')
})

it('contains the files with weights of an ONNX model', async () => {
  const file = new Uint8Array(Float32Array.of(9, 1, 2, 3, 4).buffer)
  const given = { model: externalModel, x: [[1, 2]], xTrain: undefined, yTrain: undefined }
  const html = await write({ ...given, externalData: { 'weights.bin': file } })
  const text = /<script type="application\/x-gradlens-live">([^<]+)<\/script>/.exec(html)![1]!
  const { files } = openLivePart(gunzipSync(Buffer.from(text, 'base64')))
  const conversion = convertOnnx(files.model as OnnxDescription, files.weights, undefined)
  expect(new Float32Array(conversion.weights.buffer)).toEqual(Float32Array.of(1, 2, 3, 4))
  await expect(write(given)).rejects.toThrow("options.externalData: got no 'weights.bin'")
})

it.each([
  [onnxFile('Hardmax'), {}, 'Hardmax, which a page in one file can'],
  [onnxFile('Relu'), { layer: 'none' }, "live.layer: got 'none'; expected the name of an operator"],
  [onnxFile('Relu'), { x: [[1, 2]] }, "x: got examples of shape [2] for the input 'x'; expected"],
  [Uint8Array.of(1, 2, 3), {}, "3 bytes that can't be read as an ONNX model"],
])("refuses ONNX models and options that the page can't use", async (model, more, message) => {
  await expect(write({ model, ...more })).rejects.toThrow(message)
})

it.each([
  ['a promise', { model: Promise.resolve() }, /live\.model: got .*; expected a LayersModel/],
  ['a loss function', { loss: () => 0 }, /live\.loss: got .*; expected the name of a loss/],
  ['no loss', { loss: undefined }, /live\.loss: got undefined/],
  ['no labels', { yTrain: undefined }, /live\.yTrain: got undefined; expected both/],
  ['fewer labels', { yTrain: [1] }, /live\.yTrain: got 1 labels; expected 2/],
  ['no examples', { x: [] }, /live\.x: got \[0\]/],
  ['an unknown option', { xtrain: [] }, /live: got 'xtrain'/],
  ['an unknown method', { attribution: 'shap' }, /live\.attribution: got 'shap'/],
])('refuses %s', async (_, options, message) => {
  await expect(write(options)).rejects.toThrow(message)
})

it('refuses another script than that of live reports', async () => {
  await expect(reportHtml([], { elements, liveKit: 'x', live })).rejects.toThrow(
    "liveKit: got 'x'; expected live.global.js of gradlens",
  )
})
