import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, MemoryStore } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'

const x = [
  [1, 0, 2],
  [0, 1, 1],
  [2, 1, 0],
]
const y = [
  [1, 1],
  [2, 2],
  [3, 3],
]

const dense = (name: string, inputSize: number): tf.layers.Layer =>
  tf.layers.dense({ name, units: 2, inputShape: [inputSize], kernelInitializer: 'ones' })

/** As in a page that loads a saved model twice: TensorFlow.js numbers the weights of the second one differently. */
const model = (): tf.Sequential => tf.sequential({ layers: [dense('saved', 3), dense('out', 2)] })

it('recognizes a model for its stored gradients, however often the page has loaded it', async () => {
  await useDevice('cpu')
  const [first, second] = [model(), model()]
  expect(second.weights[0]!.name).not.toBe(first.weights[0]!.name)
  const store = new MemoryStore()
  using fitted = new GradientSimilarity(tfjsPredictor(first), 'meanSquaredError', {
    ...{ task: 'regression', device: 'cpu', precomputeGrads: true, store },
  })
  await fitted.fit(x, y)
  using opened = await GradientSimilarity.open(store, tfjsPredictor(second), 'meanSquaredError', {
    ...{ task: 'regression', device: 'cpu' },
  })
  expect((await opened.explain(x, y)).scores).toEqual((await fitted.explain(x, y)).scores)
  first.dispose()
  second.dispose()
})

it('distinguishes weights of nested models that have the same name', () => {
  const on = (layer: tf.layers.Layer, input: tf.SymbolicTensor): tf.SymbolicTensor =>
    layer.apply(input) as tf.SymbolicTensor
  const [input, innerInput] = [tf.input({ shape: [3] }), tf.input({ shape: [3] })]
  const inner = tf.model({ inputs: innerInput, outputs: on(dense('same', 3), innerInput) })
  const outer = tf.model({ inputs: input, outputs: on(dense('same', 2), on(inner, input)) })
  const names = tfjsPredictor(outer).parameters.map(({ name }) => name)
  expect(names).toEqual(['same/kernel', 'same/bias', 'same/kernel_1', 'same/bias_1'])
  outer.dispose()
})
