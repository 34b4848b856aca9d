import * as tf from '@tensorflow/tfjs'
import {
  GradientSimilarity,
  MemoryStore,
  type NdArray,
  type Predictor,
  type Progress,
} from 'gradlens'
import { type Checkpoint, TracIn } from 'gradlens/influence'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectNear } from '../../support/references/differences.js'
import { devices, useDevice } from '../../support/devices/devices.js'
import {
  addGradients,
  dotOf,
  inTrainingOrder,
  normOf,
} from '../../support/influence/influence-reference.js'
import { testX, trainClasses, trainX } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'
import { randomTrial } from '../../support/trials/random-models.js'
import { singleExampleGradients } from '../../support/references/single-example-gradients.js'
import type { TrialModel } from '../../support/trials/trial-model.js'

/** Float32 gradients and sums, relative to Σ_c η_c ‖g_c(z)‖ ‖g_c(z_j)‖. */
const tolerance = 1e-4

const [trainCount, testCount] = [5, 2]
const learningRates = [0.5, 0.125]
const loss = 'sparseCategoricalCrossentropy'

/** The model of a seed at another point of its training: the same variables with other values. */
function checkpointOf(seed: number, step: number): TrialModel {
  const { trial } = randomTrial(seed)
  tf.tidy(() => {
    for (const variable of trial.model.variables as tf.Variable[]) {
      if (variable.trainable) variable.assign(tf.mul(variable, 1 - 0.3 * step))
    }
  })
  return trial
}

type Gradients = readonly ReadonlyMap<string, Float64Array>[]

interface Case {
  readonly trials: readonly TrialModel[]
  readonly checkpoints: readonly Checkpoint<tf.Tensor>[]
  readonly train: { readonly x: NdArray; readonly y: NdArray }
  readonly test: { readonly x: NdArray; readonly y: NdArray }
  /** Per checkpoint, the gradients of the training and the test examples in float64. */
  readonly gradients: readonly { readonly train: Gradients; readonly test: Gradients }[]
}

function createCase(seed: number): Case {
  const trials = learningRates.map((_, step) => checkpointOf(seed, step))
  const [first] = trials
  const train = first!.examples(trainCount)
  const test = first!.examples(testCount)
  return {
    trials,
    checkpoints: trials.map(({ model }, c) => ({
      predictor: tfjsPredictor(model),
      learningRate: learningRates[c]!,
    })),
    train,
    test,
    gradients: trials.map(({ model, loss: { reference } }) => ({
      train: singleExampleGradients(model, reference, train.x, train.y),
      test: singleExampleGradients(model, reference, test.x, test.y),
    })),
  }
}

/** Compares scores [question][training example] with Σ_c η_c product_c, relative to the norms. */
function expectScores(
  scores: readonly (readonly number[])[],
  { gradients, trials }: Case,
  questionsOf: (test: Gradients) => Gradients,
  parameter?: number,
): void {
  for (const [i, row] of scores.entries()) {
    for (const [j, score] of row.entries()) {
      let [expected, scale] = [0, 0]
      for (const [c, { train, test }] of gradients.entries()) {
        const question = questionsOf(test)[i]!
        const trained = trials[c]!.model.variables.filter(({ trainable }) => trainable)
        const name = parameter === undefined ? undefined : trained[parameter]!.name
        expected += learningRates[c]! * dotOf(question, train[j]!, name)
        scale += learningRates[c]! * normOf(question) * normOf(train[j]!)
      }
      expect(Math.abs(score - expected) / Math.max(scale, 1e-12)).toBeLessThan(tolerance)
    }
  }
}

describe.each(devices)('TracIn on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  const options = { device, batchSize: 3 } as const
  const seeds = { cpu: 5, wasm: 3, webgpu: 2 }[device]

  it.each(Array.from({ length: seeds }, (_, k) => 100 + k))(
    'is the sum over the checkpoints, for the random model %i: pairs, sums of questions, parameters, self-influence',
    async (seed) => {
      const given = createCase(seed)
      const { trials, checkpoints, train, test } = given
      try {
        using explainer = new TracIn(checkpoints, trials[0]!.loss.loss, {
          ...options,
          precomputeGrads: seed % 2 === 0,
        })
        await explainer.fit(train.x, train.y)
        const each = await explainer.explain(test.x, test.y, { perParameter: true })
        expectScores(inTrainingOrder(each), given, (tests) => tests)
        const mean = await explainer.explain(test.x, test.y, { aggregate: 'mean' })
        expectScores(inTrainingOrder(mean), given, (tests) => [addGradients(tests, 1 / testCount)])
        const sum = await explainer.explain(test.x, test.y, { aggregate: 'sum' })
        expectScores(inTrainingOrder(sum), given, (tests) => [addGradients(tests, 1)])

        const { parameterNames, parameterScores, orderedIndices } = each
        const count = parameterNames!.length
        expect(parameterScores!.shape).toEqual([testCount, count, trainCount])
        for (let p = 0; p < count; p++) {
          const own = Array.from({ length: testCount }, (_, i) => {
            const start = (i * count + p) * trainCount
            return [...parameterScores!.data.subarray(start, start + trainCount)]
          })
          const scores = { data: Float32Array.from(own.flat()), shape: [testCount, trainCount] }
          expectScores(inTrainingOrder({ scores, orderedIndices }), given, (tests) => tests, p)
        }

        const { scores, orderedIndices: order } = await explainer.selfInfluence()
        for (const [j, score] of scores.data.entries()) {
          const expected = given.gradients.reduce(
            (total, { train: own }, c) => total + learningRates[c]! * dotOf(own[j]!, own[j]!),
            0,
          )
          expect(Math.abs(score - expected)).toBeLessThan(tolerance * expected + 1e-12)
        }
        const sorted = [...order.data].map((j) => scores.data[j]!)
        expect(sorted).toEqual([...sorted].sort((a, b) => b - a))
      } finally {
        for (const trial of trials) trial.dispose()
      }
    },
  )

  const checkpointsWith = async (
    storeOptions: object = {},
  ): Promise<(Checkpoint & { store: MemoryStore })[]> =>
    Promise.all(
      [1, 2].map(async (seed) => {
        const predictor: Predictor = tfjsClassifier(seed)
        const store = new MemoryStore()
        using writer = new GradientSimilarity(predictor, loss, {
          ...{ ...options, precomputeGrads: true, store, storeRowsPerChunk: 4 },
          ...storeOptions,
        })
        await writer.fit(trainX, trainClasses)
        return { predictor, store, learningRate: seed / 10 }
      }),
    )

  it('explains from stores as from examples, and from one store and one predictor', async () => {
    const checkpoints = await checkpointsWith()
    const without = checkpoints.map(({ predictor, learningRate }) => ({ predictor, learningRate }))
    using computed = await new TracIn(without, loss, options).fit(trainX, trainClasses)
    using stored = await TracIn.open(checkpoints, loss, options)
    const mixed = [without[0]!, checkpoints[1]!]
    using both = await new TracIn(mixed, loss, options).fit(trainX, trainClasses)
    const expected = await computed.explain(testX)
    const self = await computed.selfInfluence()
    for (const explainer of [stored, both]) {
      const { data, meta } = await explainer.explain(testX)
      expect(data).toEqual(expected.data)
      expect(meta.params).toMatchObject({ learningRates: [0.1, 0.2] })
      expect((await explainer.selfInfluence()).data).toEqual(self.data)
    }
  })

  it('explains another loss than that of training, with its own labels', async () => {
    const checkpoints = await checkpointsWith()
    const oneHot = [
      [0, 1, 0],
      [1, 0, 0],
    ]
    using explainer = await TracIn.open(checkpoints, loss, options)
    const same = await explainer.explain(testX, oneHot, {
      questionLoss: 'categoricalCrossentropy',
    })
    const own = await explainer.explain(testX, [1, 0])
    expect(inTrainingOrder(same)).toEqual(inTrainingOrder(own))
    expect(same.meta.params).toMatchObject({ questionLoss: 'categoricalCrossentropy' })
    // The gradient of the mean squared error is another one: that of Σ (p − y)² / 3 over the outputs p.
    const squared = await explainer.explain(testX, oneHot, { questionLoss: 'meanSquaredError' })
    const squares = (yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor =>
      tf.mean(tf.square(tf.sub(yPred, yTrue)))
    const byFunction = await explainer.explain(testX, oneHot, { questionLoss: squares as never })
    for (const [i, row] of inTrainingOrder(squared).entries()) {
      expectNear(inTrainingOrder(byFunction)[i]!, row, 1e-5)
      expect(row).not.toEqual(inTrainingOrder(own)[i])
    }
    const predicted = await explainer.explain(testX, undefined, {
      questionLoss: 'categoricalCrossentropy',
    })
    expect(predicted.data.scores).toEqual((await explainer.explain(testX)).scores)
    await expect(
      explainer.explain(testX, undefined, { questionLoss: squares as never }),
    ).rejects.toThrow('y: got none, with a function as questionLoss; expected the labels')
    const outputs = (_: tf.Tensor, yPred: tf.Tensor): tf.Tensor => yPred
    await expect(
      explainer.explain(testX, oneHot, { questionLoss: outputs as never }),
    ).rejects.toThrow('questionLoss: got shape [1, 3] returned for one example; expected one value')
    const constant = (): tf.Tensor => tf.scalar(1)
    await expect(
      explainer.explain(testX, oneHot, { questionLoss: constant as never }),
    ).rejects.toThrow('questionLoss: the value that it returns does not depend on its second')
  })

  it('keeps only the ends with ranking top, and counts progress over the checkpoints', async () => {
    const checkpoints = await checkpointsWith()
    using explainer = await TracIn.open(checkpoints, loss, options)
    const full = await explainer.explain(testX)
    const progress: Progress[] = []
    const top = await explainer.explain(testX, undefined, {
      ...{ ranking: 'top', topK: 2, perParameter: true },
      onProgress: (one) => progress.push(one),
    })
    expect(top.orderedIndices.shape).toEqual([2, 2])
    expect([...top.orderedIndices.data.subarray(0, 2)]).toEqual([
      ...full.orderedIndices.data.subarray(0, 2),
    ])
    expect(top.parameterScores!.shape).toEqual([2, 4, 2])
    expect(progress.at(-1)).toEqual({ phase: 'explain', done: 12, total: 12 })
    expect(progress.map(({ done }) => done)).toEqual(
      progress.map(({ done }) => done).sort((a, b) => a - b),
    )
  })
})
