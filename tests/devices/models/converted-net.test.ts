import { Gradient, IntegratedGradients, type NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { fixtureJson, floatsOf } from '../../support/stores/fixture-bytes.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { savedGraph } from '../../support/models/saved-graph.js'

/** What TensorFlow in Python makes of the net before it was converted, in float64. */
interface Expected {
  readonly x: string
  readonly predictions: string
  readonly target: readonly number[]
  readonly gradients: string
  readonly labels: readonly number[]
  /** Per example, by the names of the converted weights. */
  readonly lossGradients: readonly Readonly<Record<string, string>>[]
}

/** Float32 against float64, of order 1. */
const tolerance = 1e-5

/** For a path with the corners of relus, which 50 steps follow only in part. */
const completenessTolerance = 1e-3

const largestOf = (numbers: Float32Array): number => Math.max(...numbers.map(Math.abs))

async function read(): Promise<{ x: NdArray; expected: Expected }> {
  const expected = (await fixtureJson('converted-net/expected.json')) as Expected
  return { x: { data: floatsOf(expected.x), shape: [3, 8, 8, 3] }, expected }
}

/** What a net of MobileNet's layers must give that went through TensorFlow's own converter. */

describe.each(devices)('a net from TensorFlow’s converter on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it('predicts, and has gradients, as it had in TensorFlow', async () => {
    const { x, expected } = await read()
    using explainer = new Gradient(tfjsPredictor(await savedGraph('converted-net')), { device })
    const e = await explainer.explain(x, { target: expected.target })
    expectNear(e.predictions.data, floatsOf(expected.predictions), tolerance)
    const gradients = floatsOf(expected.gradients)
    expectNear(e.attributions[0]!.data, gradients, tolerance * Math.max(1, largestOf(gradients)))
  })

  it('has the loss gradients of each example, at all weights that are left', async () => {
    const { x, expected } = await read()
    const predictor = tfjsPredictor(await savedGraph('converted-net'))
    using session = await predictor.open(device, { allowSoftware: true })
    const y = { data: Int32Array.from(expected.labels), shape: [3] }
    const block = await hostGradients(session, [x], y, 'sparseCategoricalCrossentropy')
    for (const [row, ofWeights] of expected.lossGradients.entries()) {
      const gradients = materializedGradients(block, row)
      expect([...gradients.keys()].sort()).toEqual(Object.keys(ofWeights).sort())
      for (const [name, gradient] of Object.entries(ofWeights)) {
        const values = floatsOf(gradient)
        const scale = Math.max(1, largestOf(values))
        expectNear(gradients.get(name)!, values, tolerance * scale)
      }
    }
  })

  it('has complete attributions, at its inputs and at a node within', async () => {
    const { x, expected } = await read()
    const predictor = tfjsPredictor(await savedGraph('converted-net'))
    const one = { data: x.data.subarray(0, x.data.length / 3), shape: [1, ...x.shape.slice(1)] }
    // An emulated GPU takes seconds for each.
    const layers = [...(device === 'webgpu' ? [] : [undefined]), 'StatefulPartitionedCall/Relu6_1']
    for (const layer of layers) {
      using explainer = new IntegratedGradients(predictor, { device, layer })
      const e = await explainer.explain(one, { target: expected.target[0]! })
      expectNear(e.deltas.data, [0], completenessTolerance)
      expect(e.attributions[0]!.data.some((value) => Math.abs(value) > 0.001)).toBe(true)
    }
  })
})
