import * as tf from '@tensorflow/tfjs'
import { type GradientBlock, GradientSimilarity, type LossFunction, type NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { hostGradients, lossGradients } from '../../support/gradients/host-block.js'
import { expectNoLeaks } from '../../support/leaks.js'
import { mixingModels } from '../../support/models/mixing-models.js'
import { denseNet } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'

type Loss = LossFunction<tf.Tensor>

/** Float32 sums of a few numbers in another order, relative to the largest entry. */
const tolerance = 1e-5

const squares = (yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor =>
  yPred.sub(yTrue.reshape([-1, 1])).square()
const perExample: Loss = (yTrue, yPred) => squares(yTrue, yPred).mean(1)
const mean: Loss = (yTrue, yPred) => squares(yTrue, yPred).mean()

const refused: readonly {
  title: string
  lossFn: (...args: Parameters<Loss>) => unknown
  message: string
}[] = [
  {
    title: 'one value per output',
    lossFn: squares,
    message: 'lossFn: got shape [1, 3] returned for one example; expected one value',
  },
  {
    title: 'a promise',
    lossFn: () => Promise.reject(new Error('too late')),
    message: 'lossFn: got a promise returned; expected a tf.Tensor',
  },
  { title: 'a number', lossFn: () => 1, message: 'lossFn: got a number returned' },
  {
    title: 'what does not depend on the prediction',
    lossFn: (yTrue) => yTrue.square().mean(),
    message: 'does not depend on its second argument',
  },
]

function net(): tf.LayersModel {
  const random = seededRandom(9)
  const rows = Array.from({ length: 4 }, () => [...uniform(random, 3, [-1, 1])])
  return denseNet([rows, [0.1, -0.2, 0.3]], ['linear'])
}

function examples(exampleCount: number): { x: NdArray; y: NdArray } {
  return {
    x: { data: uniform(seededRandom(4), exampleCount * 4, [-1, 1]), shape: [exampleCount, 4] },
    y: {
      data: Float32Array.from({ length: exampleCount }, (_, row) => row % 3),
      shape: [exampleCount],
    },
  }
}

const rowsOf = ({ data, shape }: NdArray, start: number, end: number): NdArray => {
  const size = data.length / shape[0]!
  return { data: data.slice(start * size, end * size), shape: [end - start, ...shape.slice(1)] }
}

function warnings(): () => string {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  onTestFinished(() => {
    warn.mockRestore()
  })
  return () => warn.mock.calls.map(([message]) => String(message)).join('\n')
}

function expectSame(block: GradientBlock, row: number, expected: GradientBlock, at: number): void {
  const gradients = materializedGradients(block, row)
  for (const [name, values] of materializedGradients(expected, at)) {
    const largest = Math.max(...values.map(Math.abs))
    for (const [k, value] of values.entries()) {
      expect(Math.abs(gradients.get(name)![k]! - value)).toBeLessThanOrEqual(tolerance * largest)
    }
  }
}

/** Losses and models of which no batch can be made, and how each ends. */

describe.each(devices)('a batch on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(refused)('is refused if lossFn returns $title', async ({ lossFn, message }) => {
    const model = net()
    const { x, y } = examples(4)
    await expectNoLeaks(async () => {
      using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
      const running = lossGradients(session, [x], y, lossFn as Loss)
      await expect(running).rejects.toThrow(message)
    })
  })

  it('has the gradients of its examples alone, whatever the sizes of earlier batches', async () => {
    const model = net()
    const { x, y } = examples(6)
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    using other = await tfjsPredictor(model).open(device, { allowSoftware: true })
    const expected = await hostGradients(other, [x], y, perExample)
    for (const [start, end] of [
      [0, 1],
      [1, 5],
      [5, 6],
    ] as const) {
      const block = await hostGradients(
        session,
        [rowsOf(x, start, end)],
        rowsOf(y, start, end),
        mean,
      )
      for (let row = start; row < end; row++) expectSame(block, row - start, expected, row)
    }
  })

  it("with gradients of zero doesn't determine how lossFn reduces", async () => {
    const model = net()
    const { x, y } = examples(4)
    const hinge: Loss = (yTrue, yPred) =>
      tf.relu(squares(yTrue, yPred).mean(1).mul(yTrue.greaterEqual(0).toFloat())).mean()
    const warned = warnings()
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    using other = await tfjsPredictor(model).open(device, { allowSoftware: true })
    const flat = { ...y, data: y.data.map(() => -1) as Float32Array }
    const zero = await hostGradients(session, [x], flat, hinge)
    for (const values of materializedGradients(zero, 0).values())
      expect(Math.max(...values)).toBe(0)
    const block = await hostGradients(session, [x], y, hinge)
    const expected = await hostGradients(other, [x], y, perExample)
    for (let row = 0; row < 4; row++) expectSame(block, row, expected, row)
    expect(warned()).toBe('')
  })

  it('has NaN for the gradient of an example whose loss is not finite, and of no other', async () => {
    const model = net()
    const { x, y } = examples(4)
    // log(−1) is NaN, though its derivative is −1.
    const undefinedBelowZero: Loss = (yTrue, yPred) =>
      perExample(yTrue, yPred).add(tf.log(yTrue.add(yPred.sum(1).mul(0))))
    const labels = { ...y, data: Float32Array.of(1, 2, -1, 3) }
    const warned = warnings()
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    const block = await hostGradients(session, [x], labels, undefinedBelowZero)
    const finite = [0, 1, 2, 3].map((row) =>
      [...materializedGradients(block, row).values()].every((values) =>
        values.every(Number.isFinite),
      ),
    )
    expect(finite).toEqual([true, true, false, true])
    expect(warned()).toBe('')
    using explainer = new GradientSimilarity(tfjsPredictor(model), undefinedBelowZero, { device })
    await explainer.fit(x, labels)
    const { data } = await explainer.explain(rowsOf(x, 0, 1), rowsOf(labels, 0, 1))
    expect(data.orderedIndices.data.at(-1)).toBe(2)
    expect(warned()).toContain('2')
    await expect(explainer.explain(rowsOf(x, 1, 3), rowsOf(labels, 1, 3))).rejects.toMatchObject({
      name: 'NonFiniteError',
      index: [1],
    })
  })

  it.each(mixingModels)(
    'is refused for a model that $title, and computed one by one with batchSize 1',
    async ({ build }) => {
      const model = build()
      const { x, y } = examples(3)
      const lossFn = 'sparseCategoricalCrossentropyFromLogits'
      await expectNoLeaks(async () => {
        using explainer = new GradientSimilarity(tfjsPredictor(model), lossFn, {
          device,
          precomputeGrads: true,
        })
        await expect(explainer.fit(x, y)).rejects.toMatchObject({
          name: 'UnsupportedError',
          feature: model.name,
          message: expect.stringMatching(/mixes the examples of a batch.*batchSize: 1/s) as string,
        })
      })
      using oneByOne = new GradientSimilarity(tfjsPredictor(model), lossFn, {
        device,
        batchSize: 1,
      })
      await oneByOne.fit(x, y)
      const { data } = await oneByOne.explain(rowsOf(x, 0, 1), rowsOf(y, 0, 1))
      expect(data.scores.data.every(Number.isFinite)).toBe(true)
    },
  )
})
