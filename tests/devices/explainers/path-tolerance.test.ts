import { IntegratedGradients, type QuadratureMethod } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { type DenseLayer, densePredictor } from '../../support/models/dense-net.js'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { sequentialOf } from '../../support/models/tfjs-nets.js'

/** Float32 against float64, of order 1. */
const tolerance = 1e-5

/** So steep at first that few steps are not enough; the third example equals the baseline. */
const layers: readonly DenseLayer[] = [
  { kernel: [[9], [0.5]], bias: [-6], activation: 'tanh' },
  { kernel: [[1]], bias: [0], activation: 'linear' },
]
const x = [
  [2, 1],
  [0.1, 0.2],
  [0, 0],
]

/** Integrated gradients as fine as a tolerance asks for, on every device. */

describe.each(devices)('integrated gradients to a tolerance on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it.each([
    ['riemann_right', undefined],
    ['gausslegendre', undefined],
    ['gausslegendre', 0],
  ] satisfies [QuadratureMethod, number | undefined][])(
    'need as many steps as in float64, and reach it: %s, layer %s',
    async (method, layer) => {
      const options = { method, nSteps: 4, tolerance: 0.01, maxSteps: 4096 }
      const model = sequentialOf(layers)
      using explainer = new IntegratedGradients(tfjsPredictor(model), {
        ...options,
        device,
        layer: layer === undefined ? undefined : model.layers[layer],
      })
      using reference = new IntegratedGradients(densePredictor(layers), {
        ...options,
        device: 'cpu',
        layer,
      })
      const [e, expected] = [await explainer.explain(x), await reference.explain(x)]
      expect(e.steps!.data).toEqual(expected.steps!.data)
      expect(e.notReached).toEqual([])
      for (const delta of e.deltas.data) expect(Math.abs(delta)).toBeLessThanOrEqual(0.01)
      expectNear(e.attributions[0]!.data, expected.attributions[0]!.data, tolerance)
    },
  )

  it("name the examples that don't reach it within the limit", async () => {
    using explainer = new IntegratedGradients(tfjsPredictor(sequentialOf(layers)), {
      device,
      method: 'riemann_left',
      nSteps: 3,
      tolerance: 1e-6,
      maxSteps: 13,
    })
    const e = await explainer.explain(x)
    expect([...e.steps!.data]).toEqual([12, 12, 3])
    expect(e.notReached).toEqual([0, 1])
  })
})
