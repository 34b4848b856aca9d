import * as tf from '@tensorflow/tfjs'
import {
  ExpectedGradients,
  Gradient,
  IntegratedGradients,
  isGradlensError,
  type NdArray,
  type Predictor,
  type Progress,
} from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { devices, type TestDevice, useDevice } from '../../support/devices/devices.js'
import { expectNear, rowOf } from '../../support/references/differences.js'
import { leaveFree } from '../../support/devices/full-memory.js'
import { mixingModels } from '../../support/models/mixing-models.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectError } from '../../support/refusals.js'

const inputSize = 512
const bytesPerPoint = 4 * inputSize

/** Float32 sums over passes of other sizes, of order 1. */
const tolerance = 1e-5

const examples = (count: number): NdArray => ({
  data: uniform(seededRandom(3), count * inputSize, [-1, 1]),
  shape: [count, inputSize],
})

/** Notes TensorFlow.js's memory whenever it is called. */
class Gauge extends tf.layers.Layer {
  static readonly className = 'GradlensTestGauge'
  peakBytes = 0
  peakTensors = 0
  largestBatch = 0

  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return shape
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const { numBytes, numTensors } = tf.memory()
    this.peakBytes = Math.max(this.peakBytes, numBytes)
    this.peakTensors = Math.max(this.peakTensors, numTensors)
    const input = Array.isArray(inputs) ? inputs[0]! : inputs
    this.largestBatch = Math.max(this.largestBatch, input.shape[0])
    return input.clone()
  }
}

function wideModel(gauge?: Gauge): tf.LayersModel {
  const random = seededRandom(5)
  const model = disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 2, activation: 'tanh', inputShape: [inputSize], name: 'hidden' }),
        ...(gauge === undefined ? [] : [gauge]),
        tf.layers.dense({ units: 3 }),
      ],
    }),
  )
  tf.tidy(() => {
    model.setWeights(
      model
        .getWeights()
        .map(({ shape, size }) => tf.tensor(uniform(random, size, [-0.1, 0.1]), shape)),
    )
  })
  return model
}

interface Taken {
  readonly device: TestDevice
  /** Points of each example. */
  readonly points: number
  readonly batchSize: number
  readonly layer?: string | undefined
  readonly onProgress?: (progress: Progress) => void
}

/** The explainers that evaluate many points for each example. */
const explainers: readonly {
  readonly title: string
  /** The attributions of output 1. */
  readonly attribute: (
    predictor: Predictor<tf.Tensor>,
    x: NdArray,
    taken: Taken,
  ) => Promise<NdArray>
}[] = [
  {
    title: 'integrated gradients',
    attribute: async (predictor, x, { points, batchSize, onProgress, ...options }) => {
      using explainer = new IntegratedGradients(predictor, {
        ...options,
        nSteps: points,
        internalBatchSize: batchSize,
      })
      return (await explainer.explain(x, { target: 1, onProgress })).attributions[0]!
    },
  },
  {
    title: 'expected gradients',
    attribute: async (predictor, x, { points, batchSize, onProgress, ...options }) => {
      using explainer = new ExpectedGradients(predictor, {
        ...options,
        nSamples: points,
        internalBatchSize: batchSize,
      })
      const background = examples(7)
      return (await explainer.explain(x, { target: 1, background, onProgress })).attributions[0]!
    },
  },
  {
    title: 'SmoothGrad',
    attribute: async (predictor, x, { points, batchSize, onProgress, ...options }) => {
      using explainer = new Gradient(predictor, {
        ...options,
        smoothGrad: { samples: points },
        internalBatchSize: batchSize,
      })
      return (await explainer.explain(x, { target: 1, onProgress })).attributions[0]!
    },
  },
]

/** What the points of paths take of a device's memory, and what is done where it does not suffice. */

describe.each(devices)('the points of a path on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(explainers)(
    'need no more memory for more points and more examples: $title',
    async ({ attribute }) => {
      const peaks: number[][] = []
      for (const [count, points] of [
        [2, 10],
        [6, 10],
        [2, 30],
      ] as const) {
        const gauge = new Gauge({})
        const predictor = tfjsPredictor(wideModel(gauge))
        const { numTensors, numBytes } = tf.memory()
        await attribute(predictor, examples(count), { device, points, batchSize: 16 })
        // And a row of zeros, where it is looked whether the model mixes examples.
        expect(gauge.largestBatch).toBeGreaterThanOrEqual(16)
        expect(gauge.largestBatch).toBeLessThanOrEqual(17)
        peaks.push([gauge.peakTensors - numTensors, gauge.peakBytes - numBytes])
      }
      const [[tensors, bytes]] = peaks as [[number, number], ...number[][]]
      for (const [moreTensors, moreBytes] of peaks.slice(1)) {
        expect(moreTensors).toBe(tensors)
        // A pass may touch one example more or less: where it starts, the way from there, and both joined.
        expect(Math.abs(moreBytes! - bytes)).toBeLessThanOrEqual(5 * bytesPerPoint)
      }
    },
  )

  it.each(mixingModels)(
    "aren't computed by a model that $title, nor are examples of Gradient",
    async ({ build }) => {
      const predictor = tfjsPredictor(build())
      const x = Array.from({ length: 3 }, (_, i) => [...uniform(seededRandom(i), 4, [-1, 1])])
      using path = new IntegratedGradients(predictor, { device, nSteps: 5 })
      using gradient = new Gradient(predictor, { device })
      const parts = ['mixes the examples of a batch', 'internalBatchSize: 1'] as const
      await expectError(() => path.explain(x, { target: 1 }), 'UnsupportedError', ...parts)
      await expectError(() => path.explain(x[0]!, { target: 1 }), 'UnsupportedError', ...parts)
      await expectError(() => gradient.explain(x, { target: 1 }), 'UnsupportedError', ...parts)
      using oneByOne = new Gradient(predictor, { device, internalBatchSize: 1 })
      const together = await oneByOne.explain(x, { target: 1 })
      const alone = await oneByOne.explain(x[1]!, { target: 1 })
      expectNear(rowOf(together.attributions[0]!, 1), alone.attributions[0]!.data, tolerance)
    },
  )
})

describe.each(devices.filter((device) => device !== 'cpu'))(
  'a path for which memory runs out on %s',
  (device) => {
    let release: (() => void) | undefined
    beforeAll(() => useDevice('cpu'))
    afterEach(() => {
      release?.()
      release = undefined
    })

    const cases = explainers.flatMap((explainer) =>
      [undefined, 'hidden'].map((layer) => ({ ...explainer, layer })),
    )

    it.each(cases)(
      'is computed in smaller passes: $title (layer $layer)',
      async ({ attribute, layer }) => {
        const predictor = tfjsPredictor(wideModel())
        const x = examples(2)
        const taken = { device, points: 32, batchSize: 64, layer }
        const expected = await attribute(predictor, x, taken)
        release = leaveFree(device, 40 * bytesPerPoint)
        const done: number[] = []
        const onProgress = (progress: Progress): void => void done.push(progress.done)
        const attributions = await attribute(predictor, x, { ...taken, onProgress })
        release()
        expect(done.length).toBeGreaterThan(1)
        expect(done.at(-1)).toBe(64)
        expectNear(attributions.data, expected.data, tolerance)
      },
    )

    it('ends in a named error if not even one point fits', async () => {
      using explainer = new IntegratedGradients(tfjsPredictor(wideModel()), { device, nSteps: 4 })
      await explainer.explain(examples(1), { target: 1 })
      release = leaveFree(device, bytesPerPoint / 2)
      const error: unknown = await explainer
        .explain(examples(1), { target: 1 })
        .catch((reason: unknown) => reason)
      release()
      if (!isGradlensError(error, 'MemoryError')) throw error
      expect(error.message).toContain('even for one example')
      expect(error.message).not.toContain('precomputeGrads')
    })
  },
)
