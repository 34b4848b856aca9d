import * as tf from '@tensorflow/tfjs'
import { IntegratedGradients, type Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { expectError } from '../../support/refusals.js'

beforeAll(() => useDevice('cpu'))

/** Sums of sequences of any length, and the number of calls so far. */
function sums(call: (x: tf.Tensor) => tf.Tensor): {
  readonly predictor: Predictor<tf.Tensor>
  readonly callCount: () => number
} {
  const w = tf.tidy(() => tf.variable(tf.scalar(2)))
  onTestFinished(() => {
    w.dispose()
  })
  let count = 0
  const predictor = tfjsPredictor({
    call: (x) => {
      count++
      return call(x).mul(w)
    },
    variables: [w],
    inputs: [{ shape: [null] }],
    outputShape: [1],
  })
  return { predictor, callCount: () => count }
}

const rowSums = (x: tf.Tensor): tf.Tensor => x.square().sum(1, true)

/** The number of calls of the model by a new explainer for two sequences. */
async function callsFor(
  { predictor, callCount }: ReturnType<typeof sums>,
  length: number,
): Promise<number> {
  const before = callCount()
  using explainer = new IntegratedGradients(predictor, {
    device: 'cpu',
    nSteps: 4,
    internalBatchSize: 100,
  })
  await explainer.explain([1, 2].map((value) => Array.from({ length }, () => value)))
  return callCount() - before
}

it('checks a model once for all explainers, and its batches once for each input shape', async () => {
  const model = sums(rowSums)
  const first = await callsFor(model, 3)
  const second = await callsFor(model, 3)
  // A batch of two, and its examples one by one.
  expect(first - second).toBe(3)
  // The same for another length.
  expect((await callsFor(model, 4)) - second).toBe(3)
  expect(await callsFor(model, 4)).toBe(second)
  expect(await callsFor(model, 3)).toBe(second)
})

it('refuses a model that mixes examples in every explainer', async () => {
  const model = sums((x) => rowSums(x).sub(rowSums(x).mean()))
  for (let explainer = 0; explainer < 2; explainer++) {
    await expectError(() => callsFor(model, 3), 'UnsupportedError', 'mixes the examples of a batch')
  }
})
