import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'

/** More numbers than float32 counts one by one: BERT's table has 23 million. */
const [tokenCount, width] = [35_000, 500]

beforeAll(() => useDevice('wasm'))

it('looks up gradients of a table with more than 2²⁴ numbers', async () => {
  const model = tf.sequential({
    layers: [
      tf.layers.embedding({
        inputDim: tokenCount,
        outputDim: width,
        inputLength: 3,
        // All positive, so that the sum of 1,500 of them keeps its digits.
        embeddingsInitializer: tf.initializers.randomUniform({
          minval: 0.01,
          maxval: 0.05,
          seed: 1,
        }),
      }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 1, useBias: false, kernelInitializer: 'ones' }),
    ],
  })
  const x = tf.tensor2d([
    [1, 34_999, 1],
    [34_999, 2, 3],
  ])
  using explainer = new GradientSimilarity(tfjsPredictor(model), 'meanSquaredError', {
    device: 'wasm',
    parameters: (name) => name.includes('embedding'),
  })
  await explainer.fit(x, [0, 0])
  const { scores, orderedIndices } = await explainer.explain(x, [0, 0])
  const output = model.predict(x) as tf.Tensor
  const outputs = [...(await output.data())]
  // ∂L/∂table is 2f in each row that is looked up, as often as it is; rows in common: token 34,999 alone.
  const slope = outputs.map((output) => 2 * output)
  const expected = [
    [5 * slope[0]! ** 2, slope[0]! * slope[1]!],
    [slope[0]! * slope[1]!, 3 * slope[1]! ** 2],
  ].map((row) => row.map((product) => product * width))
  for (const [i, row] of expected.entries()) {
    for (const [k, j] of [...orderedIndices.data.subarray(2 * i, 2 * i + 2)].entries()) {
      expect(scores.data[2 * i + k]! / row[j]!).toBeCloseTo(1, 5)
    }
  }
  tf.dispose([x, output])
  model.dispose()
})
