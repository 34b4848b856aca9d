import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { programOf } from './host-server.js'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-keras-'))
  const script = path.resolve(import.meta.dirname, 'keras/write_models.py')
  execFileSync(programOf('notebooks', 'python'), [script, folder], {
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

interface ModelFile {
  readonly modelTopology: object
  readonly weightsManifest: tf.io.WeightsManifestConfig
}

/** Reads a model from its folder, as tf.loadLayersModel does from an address. */
async function loadModel(name: string): Promise<tf.LayersModel> {
  const read = (file: string): Buffer => readFileSync(path.join(folder, name, file))
  const file = JSON.parse(read('model.json').toString()) as ModelFile
  const [group] = file.weightsManifest
  const weights = Buffer.concat(group!.paths.map(read))
  return tf.loadLayersModel({
    load: () =>
      Promise.resolve({
        modelTopology: file.modelTopology,
        weightSpecs: group!.weights,
        weightData: Uint8Array.from(weights).buffer,
      }),
  })
}

it.each(['skip', 'bidirectional', 'recurrent', 'siamese', 'series', 'upsampling'])(
  'writes a Keras 3 model with the same outputs in TensorFlow.js: %s',
  async (name) => {
    const model = await loadModel(name)
    const { inputs, predictions } = JSON.parse(
      readFileSync(path.join(folder, name, 'expected.json'), 'utf8'),
    ) as { inputs: number[][]; predictions: number[][] }
    const x = inputs.map((values) => tf.tensor(values))
    const predicted = model.predict(x.length > 1 ? x : x[0]!) as tf.Tensor
    const expected = tf.tensor(predictions)
    const error = tf.max(tf.abs(tf.sub(predicted, expected))).dataSync()[0]!
    expect(error / tf.max(tf.abs(expected)).dataSync()[0]!).toBeLessThan(1e-5)
    tf.disposeVariables()
    tf.dispose([...x, predicted, expected])
  },
)

it('refuses layers by name that TensorFlow.js computes differently', () => {
  const messages = JSON.parse(readFileSync(path.join(folder, 'refused.json'), 'utf8')) as string[]
  const layers = ['gru_a', 'causal', 'hard', 'bilinear', 'heads', 'average']
  expect(messages).toHaveLength(layers.length)
  for (const [i, layer] of layers.entries()) expect(messages[i]).toContain(`'${layer}'`)
})
