import * as tf from '@tensorflow/tfjs'
import { type ArrayLike, Gradient, IntegratedGradients, type NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { attributionZoo } from '../../support/suites/attribution-zoo.js'
import { devices, useDevice } from '../../support/devices/devices.js'
import {
  differenceTolerance,
  expectNear,
  fourPoint,
  movedColumn,
  rowOf,
} from '../../support/references/differences.js'

/** |Σ attributions − (F(x) − F(b))| of smooth models at 50 Gauss–Legendre steps, in float32. */
const completenessTolerance = 1e-4

/** Float32 sums over batches of other sizes, of order 1. */
const tolerance = 1e-5

const target = [0, 1, 2]

const asGiven = (x: readonly NdArray[]): ArrayLike | readonly ArrayLike[] =>
  x.length === 1 ? x[0]! : x

/** What attributions must be for each kind of model. */

describe.each(devices)('attributions on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each(attributionZoo)(
    'of $title are complete, and the same in passes of any size',
    async ({ build }) => {
      const { predictor, x, layer } = await build()
      const options = { device, layer: layer?.name }
      using explainer = new IntegratedGradients(predictor, options)
      const e = await explainer.explain(asGiven(x), { target })
      expectNear(e.deltas.data, [0, 0, 0], completenessTolerance)
      // No attributions are all zero.
      for (const { data } of e.attributions) expect(data.some((value) => value !== 0)).toBe(true)
      using small = new IntegratedGradients(predictor, { ...options, internalBatchSize: 37 })
      const alone = x.map(({ data, shape }) => ({
        data: data.slice(data.length / 3, (2 * data.length) / 3),
        shape: [1, ...shape.slice(1)],
      }))
      const inPasses = await small.explain(asGiven(alone), { target: 1 })
      for (const [j, attributions] of e.attributions.entries()) {
        expectNear(inPasses.attributions[j]!.data, rowOf(attributions, 1), tolerance)
      }
    },
  )

  it.each(attributionZoo)('of $title agree with finite differences', async ({ build }) => {
    const { predictor, x, layer } = await build()
    using explainer = new Gradient(predictor, { device, layer: layer?.name })
    const { attributions } = await explainer.explain(asGiven(x), { target })
    using own = await predictor.open(device, { allowSoftware: true })
    using session = await (layer?.head ?? predictor).open(device, { allowSoftware: true })
    const at =
      layer === undefined
        ? x
        : (
            await own.activations!(x, {}, [predictor.findLayer!('layer', layer.name, 'outputs')])
          ).flat()
    for (const [j, array] of at.entries()) {
      const size = array.data.length / 3
      const largest = Math.max(...attributions[j]!.data.map(Math.abs))
      // Some columns of each input: the others come the same way.
      for (let k = 0; k < size; k += Math.ceil(size / 4)) {
        const slopes = await fourPoint(async (by) => {
          const moved = at.map((one, m) => (m === j ? movedColumn(one, k, by) : one))
          const output = await session.predict(moved, {})
          return target.map((index, i) => rowOf(output, i)[index]!)
        })
        const column = target.map((_, i) => rowOf(attributions[j]!, i)[k]!)
        expectNear(column, slopes, differenceTolerance * Math.max(1, largest))
      }
    }
  })

  it('are equal for symmetric inputs, zero for an unused one, and not zero for one that decides', async () => {
    const predictor = tfjsPredictor({
      call: (x) => {
        const [a, b, , d] = tf.unstack(x, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
        return a.add(b).tanh().mul(d.sigmoid()).expandDims(1)
      },
      variables: [],
      inputs: [{ shape: [4] }],
    })
    using explainer = new IntegratedGradients(predictor, { device })
    const e = await explainer.explain([
      [0.4, 0.4, 0.9, -0.3],
      [1.5, 1.5, -2, 1],
    ])
    for (const i of [0, 1]) {
      const [a, b, unused, d] = rowOf(e.attributions[0]!, i) as [number, number, number, number]
      expect(Math.abs(a - b)).toBeLessThan(tolerance)
      expect(unused).toBe(0)
      expect(Math.abs(d)).toBeGreaterThan(100 * tolerance)
    }
    const alone = await explainer.explain([[0.5, 0, 0, 0]])
    expectNear(alone.attributions[0]!.data, [Math.tanh(0.5) / 2, 0, 0, 0], tolerance)
  })
})
