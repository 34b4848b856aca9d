import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { GradientSimilarity } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { describe, expect, test } from 'vitest'
import { findSharedEvidence } from '../../../demo/explaining/shared-evidence.js'
import {
  changeProbability,
  changeValue,
  estimateLossChange,
  estimateMeanLossChange,
} from '../../../demo/explaining/what-if.js'
import { describeProbabilityWithout, describeValueWithout } from '../../../demo/text/what-if.js'
import { describeShare } from '../../../demo/text/shared-evidence.js'
import { useDevice } from '../../support/devices/devices.js'

const plain = (text: string): string => text.replaceAll('\u202f', ' ').replaceAll('\u2212', '-')

/** Float32 sums of up to twenty terms. */
const relativeRounding = 1e-5

describe('what two examples share', () => {
  const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
    minLength: 20,
    maxLength: 20,
  })

  test('is the smaller of what counts for the class in each, and never negative', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const { shared, share } = findSharedEvidence(a, b)
        const whole = a.filter((value) => value > 0).reduce((sum, value) => sum + value, 0)
        let common = 0
        a.forEach((value, i) => {
          const expected = value > 0 && b[i]! > 0 ? Math.min(value, b[i]!) : 0
          expect(shared[i]).toBeCloseTo(expected, 6)
          common += expected
        })
        expect(share).toBeCloseTo(whole === 0 ? 0 : common / whole, 5)
      }),
      { seed: 1 },
    )
  })

  test('is everything that counts for the class if the two are the same', () => {
    fc.assert(
      fc.property(values, (a) => {
        const { share } = findSharedEvidence(a, a)
        expect(Math.abs(share - (a.some((value) => value > 0) ? 1 : 0))).toBeLessThan(
          relativeRounding,
        )
      }),
      { seed: 2 },
    )
  })

  test('is described in one sentence', () => {
    const words = { one: 'digit', parts: 'strokes', index: 661, name: '1' }
    const say = (share: number): string =>
      plain(describeShare({ shared: new Float32Array(1), share }, words))
    expect(say(0.413)).toBe(
      'Coloured: the strokes that count for 1 in both this digit and no. 661. They are 41.3 % of what counts for 1 in this digit.',
    )
    expect(say(0.02)).toContain('They are few: 2.0 % of')
    expect(say(0)).toBe('No strokes count for 1 in both this digit and no. 661.')
  })
})

describe('the effect of leaving out some examples', () => {
  /** A step this small changes the loss almost linearly. */
  const rate = 1e-4
  /** The share of the change that terms of second order may be. */
  const secondOrderShare = 0.02

  test('is the change of the loss after real steps, to first order', async () => {
    await useDevice('cpu')
    const random = (shape: number[], seed: number): tf.Tensor =>
      tf.randomNormal(shape, 0, 1, 'float32', seed)
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ units: 5, inputShape: [4], activation: 'tanh' }),
        tf.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    })
    tf.tidy(() => {
      model.setWeights(model.getWeights().map((weight, i) => random(weight.shape, i + 1)))
    })
    const xTrain = random([6, 4], 10)
    const yTrain = tf.tidy(() => tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2], 'int32'), 3))
    const x = random([1, 4], 11)
    const lossOf = (given: tf.Tensor, labels: tf.Tensor): tf.Scalar =>
      tf.metrics.categoricalCrossentropy(labels, model.predict(given) as tf.Tensor).sum()
    const undone = new Set([1, 3, 4])

    using explainer = new GradientSimilarity(tfjsPredictor(model), 'categoricalCrossentropy', {
      simFn: 'grad_dot',
      device: 'cpu',
    })
    await explainer.fit(xTrain, yTrain)
    const { data } = await explainer.explain(x)
    const products = { scores: data.scores.data, indices: data.orderedIndices.data }
    const estimate = estimateLossChange(products, undone, rate)

    const real = tf.tidy(() => {
      const label = (model.predict(x) as tf.Tensor).argMax(-1).dataSync()[0]!
      const loss = (): number => lossOf(x, tf.oneHot([label], 3)).dataSync()[0]!
      const before = loss()
      const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable)
      const rows = tf.tensor1d([...undone], 'int32')
      const { grads } = tf.variableGrads(
        () => lossOf(xTrain.gather(rows), yTrain.gather(rows)),
        variables,
      )
      const kept = variables.map((variable) => variable.clone())
      // These steps are longer, so the losses differ in float32.
      const changes = [100, 50].map((times) => {
        variables.forEach((variable, i) => {
          variable.assign(kept[i]!.add(grads[variable.name]!.mul(rate * times)))
        })
        return (loss() - before) / times
      })
      // Half the step has half the error of second order, which this removes.
      return 2 * changes[1]! - changes[0]!
    })
    expect(Math.abs(estimate - real)).toBeLessThan(secondOrderShare * Math.abs(real))

    const all = new Set(Array.from({ length: 6 }, (_, i) => i))
    const whole = estimateLossChange(products, all, rate)
    expect(estimateMeanLossChange(products, 3, rate)).toBeCloseTo(whole / 2, 8)
    tf.dispose([xTrain, yTrain, x])
    model.dispose()
  })

  test('becomes a probability, or a value of a regression', () => {
    expect(changeProbability(0.5, Math.log(2))).toBeCloseTo(0.25)
    expect(changeProbability(0.9, -1)).toBe(1)
    // (35 − 45)² is 100, and (34.9 − 45)² is 102.01.
    expect(changeValue(35, 45, 2)).toBeCloseTo(34.9)
    expect(changeValue(45, 45, 2)).toBe(45)
  })

  test('is described in one or two sentences', () => {
    const noun = { one: 'digit', many: 'digits' }
    const whatIf = { count: 5, rate: 0.001, lossChange: 0.1, meanLossChange: 0.001, noun }
    expect(plain(describeProbabilityWithout(whatIf, { name: '1', probability: 0.648 }))).toBe(
      'Undoing one training step (rate 0.001) on each of the 5 most similar digits would take the probability of 1 ' +
        'from 64.8 % to 58.6 %. On 5 others taken at random, it would be 64.7 % on average.',
    )
    const nothing = { ...whatIf, lossChange: 1e-7, meanLossChange: 0 }
    expect(plain(describeProbabilityWithout(nothing, { name: '1', probability: 0.99 }))).toContain(
      'would leave the probability of 1 at 99.0 %',
    )
    const value = { value: 35.28, truth: 44.6, unit: 'mpg' }
    expect(plain(describeValueWithout({ ...whatIf, meanLossChange: 0 }, value))).toContain(
      'would take the guess from 35.28 mpg to 35.27 mpg. On 5 others taken at random, it would stay the same on average.',
    )
  })
})
