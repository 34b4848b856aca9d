import * as tf from '@tensorflow/tfjs'
import type { GradientBlock, NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { seededRandom } from '../../support/random.js'

const width = 4

interface FunctionModel {
  readonly call: (x: tf.Tensor) => tf.Tensor
  readonly variables: readonly tf.Variable[]
  readonly inputs: readonly { readonly shape: readonly number[] }[]
}

/** A model whose examples are computed in one batch. */
function batched(w: tf.Variable): FunctionModel['call'] {
  return (x) => tf.softmax(tf.matMul(x, w))
}

/** A model with an op without a rule for batches, so that its examples are computed one by one. */
function oneByOne(w: tf.Variable): FunctionModel['call'] {
  return (x) => tf.softmax(tf.atan2(tf.matMul(x, w), tf.add(tf.sum(w, 0), 3)))
}

describe.each(devices)('labels drawn in the pass on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each([
    ['of a batch', batched],
    ['of examples one by one', oneByOne],
  ])('have the gradients of the same labels drawn beforehand, %s', async (_, build) => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const random = seededRandom(3)
    const numbers = Array.from({ length: 3 * width }, random)
    const w = tf.tidy(() => tf.variable(tf.tensor2d(numbers, [3, width])))
    onTestFinished(() => {
      w.dispose()
      vi.restoreAllMocks()
    })
    const model = { call: build(w), variables: [w], inputs: [{ shape: [3] }] }
    const predictor = tfjsPredictor(model as never)
    using session = await predictor.open(device, { allowSoftware: true })
    expect(session.drawsLabels).toBe(true)
    for (const exampleCount of [5, 1, 2]) {
      const x: NdArray = {
        data: Float32Array.from({ length: 3 * exampleCount }, random),
        shape: [exampleCount, 3],
      }
      const given = {
        data: new Float32Array(exampleCount),
        shape: [exampleCount],
        factors: undefined,
      }
      // The least likely class, because no other labels have the same gradients.
      const draw = ({ data, shape }: NdArray): typeof given => {
        expect(shape).toEqual([exampleCount, width])
        const leastOf = (i: number): number => {
          const own = [...data.subarray(i * width, (i + 1) * width)]
          return own.indexOf(Math.min(...own))
        }
        return { ...given, data: Float32Array.from(given.data, (__, i) => leastOf(i)) }
      }
      const loss = {
        name: 'sparseCategoricalCrossentropy',
        delta: 1,
        gamma: 2,
        alpha: null,
      } as const
      const before = draw(await session.predict([x], {}))
      const options = { keepsFactors: true }
      const expected = await session.lossGradients([x], before, loss, options)
      const drawn = await session.lossGradients([x], given, loss, { ...options, drawLabels: draw })
      const numbersOf = ({ segments }: GradientBlock): number[] =>
        segments.flatMap((segment) =>
          segment.kind === 'dense'
            ? [...segment.values]
            : [...(segment as { delta: Float32Array }).delta],
        )
      const [own, others] = [drawn, expected].map((block) => numbersOf(block as GradientBlock))
      expect(own!.length).toBeGreaterThan(0)
      expect(own).toEqual(others)
    }
  })
})
