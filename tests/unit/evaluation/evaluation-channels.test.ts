import type { NdArray, Predictor } from 'gradlens'
import { AttributionEvaluator } from 'gradlens/evaluation'
import { describe, expect, it } from 'vitest'
import { densePredictor } from '../../support/models/dense-net.js'
import { expectNear } from '../../support/references/differences.js'
import { seededRandom, uniform } from '../../support/random.js'

/** Inputs are rounded to float32, 6e-8 relative; sums of 24 products of numbers below 1 keep that. */
const float32Tolerance = 3e-6

describe('channels first', () => {
  it('groups the channels of a pixel as channels last does', async () => {
    const [height, width, channels] = [2, 3, 4]
    const random = seededRandom(9)
    const size = height * width * channels
    const weights = uniform(random, size, [-1, 1])
    const last = [...uniform(random, size, [-1, 1])]
    /** Element (h, w, c) of an image to (c, h, w). */
    const exchanged = (values: ArrayLike<number>): number[] =>
      Array.from({ length: size }, (_, at) => {
        const pixel = at % (height * width)
        return values[pixel * channels + Math.floor(at / (height * width))]!
      })
    const imagePredictor = (
      kernel: ArrayLike<number>,
      shape: readonly number[],
      axis: 'first' | 'last',
    ): Predictor<NdArray> => {
      const dense = densePredictor(
        [{ kernel: Array.from(kernel, (value) => [value]), bias: [0], activation: 'tanh' }],
        { inputShapes: [shape] },
      )
      return { ...dense, inputs: dense.inputs.map((input) => ({ ...input, channels: axis })) }
    }
    const curveOf = async (
      kernel: ArrayLike<number>,
      image: readonly number[],
      shape: readonly number[],
      axis: 'first' | 'last',
    ): Promise<number[]> => {
      const array = { data: Float32Array.from(image), shape: [1, ...shape] }
      const attributions = { ...array, data: array.data.map((value, at) => value * kernel[at]!) }
      using evaluator = new AttributionEvaluator(imagePredictor(kernel, shape, axis), {
        device: 'cpu',
      })
      const { scores } = await evaluator.deletion(array, attributions, { target: 0 })
      return Array.from(scores.data)
    }
    const expected = await curveOf(weights, last, [height, width, channels], 'last')
    const found = await curveOf(
      exchanged(weights),
      exchanged(last),
      [channels, height, width],
      'first',
    )
    expect(found).toHaveLength(height * width + 1)
    expectNear(found, expected, float32Tolerance)
  })

  it.each(['first', 'last'] as const)(
    'accepts one value for all channels (%s)',
    async (channels) => {
      const shape = channels === 'first' ? [3, 2, 4] : [2, 4, 3]
      const random = seededRandom(10)
      const weights = uniform(random, 24, [-1, 1])
      const dense = densePredictor(
        [{ kernel: Array.from(weights, (value) => [value]), bias: [0], activation: 'tanh' }],
        { inputShapes: [shape] },
      )
      const predictor = { ...dense, inputs: dense.inputs.map((input) => ({ ...input, channels })) }
      const x = { data: Float32Array.from(uniform(random, 24, [-1, 1])), shape: [1, ...shape] }
      const pixels = uniform(random, 8, [-1, 1])
      const ofPixels = {
        data: Float32Array.from(pixels),
        shape: channels === 'first' ? [1, 1, 2, 4] : [1, 2, 4, 1],
      }
      const ofElements = {
        data: Float32Array.from({ length: 24 }, (_, at) =>
          channels === 'first' ? pixels[at % 8]! : pixels[Math.floor(at / 3)]!,
        ),
        shape: x.shape,
      }
      using evaluator = new AttributionEvaluator(predictor, { device: 'cpu' })
      for (const measure of ['deletion', 'insertion'] as const) {
        const found = await evaluator[measure](x, ofPixels, { target: 0 })
        const expected = await evaluator[measure](x, ofElements, { target: 0 })
        expect([...found.scores.data]).toEqual([...expected.scores.data])
      }
    },
  )
})
