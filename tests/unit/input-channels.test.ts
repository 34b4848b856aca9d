import * as tf from '@tensorflow/tfjs'
import {
  ExpectedGradients,
  Explanation,
  Gradient,
  GradientSimilarity,
  IntegratedGradients,
  type Predictor,
} from 'gradlens'
import { type FunctionInput, tfjsPredictor } from 'gradlens/tfjs'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { expectError } from '../support/refusals.js'

let w: tf.Variable

beforeAll(async () => {
  await tf.setBackend('cpu')
  w = tf.tidy(() => tf.variable(tf.scalar(2)))
})

afterAll(() => {
  w.dispose()
})

/** The mean over two inputs, weighted by one variable. */
function twoInputs(...inputs: readonly [FunctionInput, FunctionInput]): Predictor<tf.Tensor> {
  const mean = (x: tf.Tensor): tf.Tensor => x.mean([1, 2, 3])
  return tfjsPredictor({
    call: (a, b) => mean(a).add(mean(b)).mul(w).expandDims(1),
    variables: [w],
    inputs,
  })
}

const first: FunctionInput = { shape: [3, 4, 5], channels: 'first' }
const last: FunctionInput = { shape: [4, 5, 3] }

it('lists the channels of each input in the parameters of every explanation, and in its JSON', async () => {
  const predictor = twoInputs(first, last)
  const x = [tf.ones([2, 3, 4, 5]), tf.ones([2, 4, 5, 3])]
  onTestFinished(() => {
    tf.dispose(x)
  })
  const device = 'cpu' as const
  using integrated = new IntegratedGradients(predictor, { device, nSteps: 2 })
  using expected = new ExpectedGradients(predictor, { device, nSamples: 2 })
  using gradient = new Gradient(predictor, { device })
  using similarity = new GradientSimilarity(predictor, 'meanSquaredError', { device })
  await similarity.fit(x, [[0], [1]])
  for (const explanation of [
    await integrated.explain(x),
    await expected.explain(x, { background: x }),
    await gradient.explain(x),
    await similarity.explain(x, [[0], [1]]),
  ]) {
    expect(explanation.params['channels'], explanation.name).toEqual(['first', 'last'])
    const { params } = Explanation.fromJSON(JSON.stringify(explanation))
    expect(params['channels'], explanation.name).toEqual(['first', 'last'])
  }
})

it('lists the channels of the attributed inputs only', async () => {
  const predictor = twoInputs({ ...last, name: 'fixed' }, { ...first, name: 'picture' })
  const x = tf.ones([1, 3, 4, 5])
  const fixed = tf.ones([1, 4, 5, 3])
  onTestFinished(() => {
    tf.dispose([x, fixed])
  })
  using integrated = new IntegratedGradients(predictor, { device: 'cpu', nSteps: 2 })
  const { params } = await integrated.explain(x, { forwardKwargs: { fixed } })
  expect(params['channels']).toEqual(['first'])
})

it('refuses other channels by name, in a function and in a predictor', async () => {
  const channels = 'channels_first' as 'first'
  await expectError(
    () => twoInputs(last, { ...first, channels }),
    'InvalidArgumentError',
    "model.inputs[1].channels: got 'channels_first'",
    "expected 'first' or 'last'",
  )
  const predictor = twoInputs(first, last)
  const inputs = predictor.inputs.map((input) => ({ ...input, channels }))
  const parts = [
    "predictor.inputs[0].channels: got 'channels_first'",
    "expected one of 'first', 'last'",
  ]
  const wrong: Predictor<tf.Tensor> = { ...predictor, inputs }
  await expectError(() => new Gradient(wrong), 'InvalidArgumentError', ...parts)
  await expectError(
    () => new GradientSimilarity(wrong, 'meanSquaredError'),
    'InvalidArgumentError',
    ...parts,
  )
})
