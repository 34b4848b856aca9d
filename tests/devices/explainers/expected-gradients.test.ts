import { ExpectedGradients, IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { densePredictor } from '../../support/models/dense-net.js'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear, rowOf } from '../../support/references/differences.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectError } from '../../support/refusals.js'
import { randomLayers } from '../../support/models/small-nets.js'
import { sequentialOf } from '../../support/models/tfjs-nets.js'

/** Float32 gradients and outputs of order 1. */
const tolerance = 1e-5

/** Means of 4,000 draws of order 0.3: 0.3 / √4000 ≈ 0.005, and four times that. */
const samplingTolerance = 0.02

const random = seededRandom(17)
const vectors = (count: number): number[][] =>
  Array.from({ length: count }, () => [...uniform(random, 4, [-1, 1])])
const x = vectors(3)
const background = vectors(5)
const target = [0, 2, 1]
const layers = randomLayers([4, 6, 3], 'softmax')

/** What expected gradients must be, whatever computes them. */

describe.each(devices)('expected gradients on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each([
    [undefined, undefined],
    ['the first layer', 0],
  ])('are those of a net in plain float64, for each draw (layer: %s)', async (_, layer) => {
    const model = sequentialOf(layers)
    const options = { nSamples: 11, seed: 3 }
    using reference = new ExpectedGradients(densePredictor(layers), {
      ...options,
      device: 'cpu',
      layer,
    })
    const expected = await reference.explain(x, { background, target })
    for (const internalBatchSize of [100, 7, 1]) {
      using explainer = new ExpectedGradients(tfjsPredictor(model), {
        ...options,
        device,
        internalBatchSize,
        layer: layer === undefined ? undefined : model.layers[layer],
      })
      const e = await explainer.explain(x, { background, target })
      expectNear(e.attributions[0]!.data, expected.attributions[0]!.data, tolerance)
      expectNear(e.deltas.data, expected.deltas.data, tolerance)
      expect(e.attributions[0]!.shape).toEqual(expected.attributions[0]!.shape)
    }
  })

  it('are w ⊙ (x − b), without a delta, for a linear model and one baseline', async () => {
    const [linear] = randomLayers([4, 1], 'linear', 8)
    const model = sequentialOf([linear!])
    using explainer = new ExpectedGradients(tfjsPredictor(model), { device, nSamples: 4 })
    const e = await explainer.explain(x, { background: background[0]! })
    const expected = x.map((row) =>
      row.map((value, k) => linear!.kernel[k]![0]! * (value - background[0]![k]!)),
    )
    expectNear(e.attributions[0]!.data, expected.flat(), tolerance)
    expectNear(e.deltas.data, [0, 0, 0], tolerance)
    expect(e.target).toBeNull()
  })
})

describe('expected gradients', () => {
  const predictor = densePredictor(layers)

  it('approximate the mean of integrated gradients over the whole background', async () => {
    const made = { device: 'cpu', nSamples: 4000, seed: 1 } as const
    using explainer = new ExpectedGradients(predictor, made)
    const e = await explainer.explain(x, { background, target })
    using path = new IntegratedGradients(predictor, { device: 'cpu' })
    const mean = await path.explain(x, { target, baselines: { average: background } })
    expectNear(e.attributions[0]!.data, mean.attributions[0]!.data, samplingTolerance)
    expectNear(e.deltas.data, [0, 0, 0], samplingTolerance)
  })

  it('report as delta the difference between their sum and F(x) minus the mean of F at the drawn baselines', async () => {
    using explainer = new ExpectedGradients(predictor, { device: 'cpu', nSamples: 6 })
    const e = await explainer.explain(x, { background: [background[2]!], target })
    const session = await predictor.open('cpu', { allowSoftware: true })
    const atBaseline = await session.predict(
      [{ data: Float64Array.from(background[2]!), shape: [1, 4] }],
      {},
    )
    for (const [i, index] of target.entries()) {
      const sum = rowOf(e.attributions[0]!, i).reduce((all, value) => all + value, 0)
      const difference = rowOf(e.predictions, i)[index]! - atBaseline.data[index]!
      expectNear([e.deltas.data[i]!], [sum - difference], tolerance)
    }
  })

  it('draw the same for equal seeds, also for an example alone, and differently for another seed', async () => {
    using explainer = new ExpectedGradients(predictor, { device: 'cpu', nSamples: 5, seed: 9 })
    using other = new ExpectedGradients(predictor, { device: 'cpu', nSamples: 5, seed: 10 })
    const e = await explainer.explain(x, { background, target: 1 })
    const alone = await explainer.explain(x[0]!, { background, target: 1 })
    expect([...alone.attributions[0]!.data]).toEqual(rowOf(e.attributions[0]!, 0))
    const others = await other.explain(x, { background, target: 1 })
    expect(others.attributions).not.toEqual(e.attributions)
  })

  it('report what is wrong with the background, the options and the target', async () => {
    using explainer = new ExpectedGradients(predictor, { device: 'cpu' })
    const explain = (options: object): unknown =>
      explainer.explain(x, options as { background: number[][] })
    const name = 'InvalidArgumentError'
    await expectError(() => explain({ target: 1 }), name, 'background: got none')
    await expectError(() => explain({ background: [[1, 2]], target: 1 }), name, 'background')
    await expectError(() => explain({ background }), name, 'target: got none')
    await expectError(() => new ExpectedGradients(predictor, { nSamples: 0 }), name, 'nSamples')
    await expectError(() => new ExpectedGradients(predictor, { seed: -1 }), name, 'seed')
    explainer.dispose()
    await expectError(() => explain({ background, target: 1 }), 'DisposedError')
  })
})
