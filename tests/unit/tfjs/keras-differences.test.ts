import * as tf from '@tensorflow/tfjs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { loadModel } from '../../../src/cli/load-model.js'
import { useDevice } from '../../support/devices/devices.js'
import { errorOf, expectError } from '../../support/refusals.js'

function warningsOf(...layers: tf.layers.Layer[]): string[] {
  const model = tf.sequential({ layers })
  onTestFinished(() => {
    model.dispose()
  })
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  tfjsPredictor(model)
  tfjsPredictor(model)
  const warnings = warn.mock.calls.map(([text]) => text as string)
  warn.mockRestore()
  return warnings
}

const embedding = (maskZero: boolean): tf.layers.Layer =>
  tf.layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 4, maskZero })

beforeAll(() => useDevice('cpu'))

describe('a layer that differs from that of Keras is named once', () => {
  const plainGru = (returnSequences: boolean): tf.layers.Layer =>
    tf.layers.gru({ units: 2, returnSequences, recurrentActivation: 'sigmoid', name: 'gates' })

  it('if an average over positions includes masked ones', () => {
    const average = (): tf.layers.Layer => tf.layers.globalAveragePooling1d({ name: 'average' })
    expect(warningsOf(embedding(true), average())).toEqual([
      expect.stringContaining("(GlobalAveragePooling1D): 'average'"),
    ])
    expect(warningsOf(embedding(true), plainGru(true), average())).toHaveLength(1)
    expect(warningsOf(tf.layers.masking({ inputShape: [4, 2] }), average())).toHaveLength(1)
    expect(warningsOf(embedding(false), average())).toEqual([])
  })

  it('if an image is enlarged bilinearly', () => {
    const enlarge = (interpolation: 'bilinear' | 'nearest'): tf.layers.Layer =>
      tf.layers.upSampling2d({ interpolation, inputShape: [2, 2, 1], name: 'enlarge' })
    expect(warningsOf(enlarge('bilinear'))).toEqual([
      expect.stringContaining("(bilinear UpSampling2D): 'enlarge'"),
    ])
    expect(warningsOf(enlarge('nearest'))).toEqual([])
  })

  it('if it has the hard sigmoid of Keras 2, in layers, cells and wrappers', () => {
    const dense = tf.layers.dense({ units: 2, activation: 'hardSigmoid', inputShape: [3] })
    expect(warningsOf(dense)).toEqual([
      expect.stringContaining(`relu6(x + 3) / 6: '${dense.name}'`),
    ])
    const gru = (): tf.layers.RNN =>
      tf.layers.gru({ units: 2, activation: 'hardSigmoid', inputShape: [4, 3] })
    expect(warningsOf(gru())).toHaveLength(1)
    const both = tf.layers.bidirectional({
      layer: gru(),
      mergeMode: 'concat',
      inputShape: [4, 3],
    })
    expect(warningsOf(both)).toHaveLength(1)
    expect(warningsOf(embedding(false), plainGru(false))).toEqual([])
    // The default of the gates, which Keras 2 shares.
    expect(warningsOf(tf.layers.gru({ units: 2, inputShape: [4, 3] }))).toEqual([])
  })

  it('in the words of the guide', async () => {
    const guide = await readFile('docs/models/index.md', 'utf8')
    const models = [
      [embedding(true), tf.layers.globalAveragePooling1d({})],
      [tf.layers.upSampling2d({ interpolation: 'bilinear', inputShape: [2, 2, 1] })],
      [tf.layers.dense({ units: 2, activation: 'hardSigmoid', inputShape: [3] })],
    ]
    for (const layers of models) {
      const [, difference] = /^gradlens: (.+): '/.exec(warningsOf(...layers)[0]!) ?? []
      expect(guide).toContain(`- \`${difference}\``)
    }
  })
})

describe('the channels of an image', () => {
  it.each(['channelsFirst', 'channelsLast'] as const)(
    'are where its first layer has them: %s',
    (dataFormat) => {
      const inputShape = dataFormat === 'channelsFirst' ? [1, 4, 4] : [4, 4, 1]
      const model = tf.sequential({
        layers: [
          tf.layers.activation({ activation: 'relu', inputShape }),
          tf.layers.conv2d({ filters: 2, kernelSize: 2, dataFormat }),
          tf.layers.flatten(),
        ],
      })
      onTestFinished(() => {
        model.dispose()
      })
      const [input] = tfjsPredictor(model).inputs
      expect(input!.channels).toBe(dataFormat === 'channelsFirst' ? 'first' : undefined)
    },
  )
})

describe('an invalid model is refused with the way out', () => {
  it('causal padding, by the name of its layer', async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.conv1d({
          filters: 2,
          kernelSize: 2,
          padding: 'causal',
          inputShape: [5, 1],
          name: 'past',
        }),
      ],
    })
    onTestFinished(() => {
      model.dispose()
    })
    const error = await expectError(
      () => tfjsPredictor(model),
      'UnsupportedError',
      "layer 'past' has causal padding",
      'ZeroPadding1D',
    )
    expect(error).toMatchObject({ feature: 'past' })
  })

  it.each([
    ['a promise', Promise.resolve(), 'a promise (await it first)'],
    ['a model.json', { modelTopology: {} }, 'load it with tf.loadLayersModel'],
    [
      'a model.json of Keras 3',
      { modelTopology: { keras_version: '3.5.0' } },
      'model.json of Keras 3.5.0, which tf.loadLayersModel cannot read (export the model',
    ],
  ])('%s', async (_, given, reason) => {
    const error = await errorOf(() => tfjsPredictor(given as never))
    expect(error).toMatchObject({ name: 'InvalidArgumentError', argument: 'model' })
    expect(String(error)).toContain(reason)
  })

  it('a model.json of Keras 3, by the command line', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'gradlens-keras3-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const layer = {
      class_name: 'InputLayer',
      config: { batch_shape: [null, 4], dtype: 'float32', name: 'x' },
    }
    const config = { name: 'net', layers: [layer] }
    await writeFile(
      path.join(folder, 'model.json'),
      JSON.stringify({
        format: 'layers-model',
        modelTopology: {
          keras_version: '3.5.0',
          model_config: { class_name: 'Sequential', config },
        },
        weightsManifest: [{ paths: [], weights: [] }],
      }),
    )
    const error = await errorOf(() => loadModel(tf, folder))
    expect(String(error)).toContain('this model was saved by Keras 3')
    expect(String(error)).toContain("model.export('saved')")
  })
})
