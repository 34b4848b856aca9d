import type * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, type NdArray } from 'gradlens'
import { rankSuspectLabels } from 'gradlens/influence'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { dotOf, normOf } from '../../support/influence/influence-reference.js'
import { classifier, trainClasses, trainX } from '../../support/models/small-nets.js'
import { randomTrial } from '../../support/trials/random-models.js'
import { expectNear } from '../../support/references/differences.js'
import { singleExampleGradients } from '../../support/references/single-example-gradients.js'

/** Cosines of float32 gradients. */
const tolerance = 1e-4
const exampleCount = 9
const neighbours = 3

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length

/** The rank of each number among all, from 0 to 1. */
const ranksOf = (numbers: readonly number[]): number[] =>
  numbers.map((own) => {
    const lower = numbers.filter((other) => other < own).length
    const equal = numbers.filter((other) => other === own).length
    return (lower + (equal - 1) / 2) / (numbers.length - 1)
  })

describe.each(devices)('suspect labels on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  const options = { device, batchSize: 4, precomputeGrads: true } as const

  it.each([205, 206])(
    'are ranked by self-influence and by the ends of the cosines, for the random model %i',
    async (seed) => {
      const { trial } = randomTrial(seed)
      try {
        const { x, y } = trial.examples(exampleCount)
        const gradients = singleExampleGradients(trial.model, trial.loss.reference, x, y)
        using explainer = new GradientSimilarity<tf.Tensor>(
          tfjsPredictor(trial.model),
          trial.loss.loss,
          options,
        )
        await explainer.fit(x, y)
        const ranked = await rankSuspectLabels(explainer, x, y, { neighbours })
        const self = gradients.map((own) => dotOf(own, own))
        const agreement = gradients.map((own, i) => {
          const cosines = gradients
            .filter((_, j) => j !== i)
            .map((other) => dotOf(own, other) / (normOf(own) * normOf(other)))
            .sort((a, b) => b - a)
          return (mean(cosines.slice(0, neighbours)) + mean(cosines.slice(-neighbours))) / 2
        })
        expectNear(ranked.agreement.data, agreement, tolerance)
        const largest = Math.max(...self)
        expectNear(
          ranked.selfInfluence.data.map((one) => one / largest),
          self.map((one) => one / largest),
          tolerance,
        )
        // Ranks of the numbers that came back: float32 may order almost equal ones in another way.
        const [selfRanks, agreementRanks] = [ranked.selfInfluence, ranked.agreement].map(
          ({ data }) => ranksOf([...data]),
        )
        const scores = selfRanks!.map((rank, i) => (rank + 1 - agreementRanks![i]!) / 2)
        expectNear(ranked.scores.data, scores, 1e-12)
        const order = [...ranked.orderedIndices.data]
        expect(order.map((i) => ranked.scores.data[i])).toEqual(
          [...ranked.scores.data].sort((a, b) => b - a),
        )
        expect([...order].sort((a, b) => a - b)).toEqual(scores.map((_, i) => i))
      } finally {
        trial.dispose()
      }
    },
  )
})

describe('suspect labels', () => {
  const loss = 'sparseCategoricalCrossentropy'
  const fitted = async (): Promise<GradientSimilarity<NdArray>> =>
    new GradientSimilarity(classifier(), loss, { device: 'cpu' }).fit(trainX, trainClasses)

  it('accept other self-influence scores, examples by name, and onProgress', async () => {
    using explainer = await fitted()
    const selfInfluence = [6, 5, 4, 3, 2, 1]
    const done: number[] = []
    const ranked = await rankSuspectLabels(explainer, trainX, trainClasses, {
      selfInfluence,
      onProgress: (progress) => done.push(progress.done),
    })
    expect([...ranked.selfInfluence.data]).toEqual(selfInfluence)
    expect(done).toEqual([6])
    const named = await rankSuspectLabels(explainer, { input0: trainX }, trainClasses)
    const listed = await rankSuspectLabels(explainer, trainX, trainClasses)
    expect(named.data).toEqual(listed.data)
    expect(listed.meta).toMatchObject({ name: 'rankSuspectLabels', params: { neighbours: 10 } })
    const self = await explainer.selfInfluence()
    expect(listed.selfInfluence).toEqual(self.scores)
  })

  it.each([
    [trainX.slice(1), trainClasses, {}, 'yTrain: got 6 labels for 5 examples; expected one label'],
    [trainX.slice(1), trainClasses.slice(1), {}, 'explainer: got shape [6]; expected a self-infl'],
    [
      trainX.slice(1),
      trainClasses.slice(1),
      { selfInfluence: [1, 2, 3, 4, 5] },
      'explainer: got one that was fitted with 6 examples; expected one that was fitted with these 5',
    ],
    [trainX, trainClasses, { selfInfluence: [1, 2] }, 'selfInfluence: got shape [2]; expected a'],
    [trainX, trainClasses, { selfInfluence: [1, 2, 3, 4, 5, NaN] }, 'selfInfluence: NaN at [5]'],
    [trainX, trainClasses, { neighbours: 0 }, 'neighbours: got 0; expected an integer of 1'],
    [trainX, trainClasses, { k: 1 }, "options: got 'k'; expected only neighbours, selfInfluence"],
  ])('name what does not fit (%#)', async (x, y, given, message) => {
    using explainer = await fitted()
    await expect(rankSuspectLabels(explainer, x, y, given as never)).rejects.toThrow(message)
  })
})
