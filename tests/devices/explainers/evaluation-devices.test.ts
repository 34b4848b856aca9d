import * as tf from '@tensorflow/tfjs'
import { IntegratedGradients, type NdArray, type Predictor } from 'gradlens'
import { AttributionEvaluator, sensitivityMax } from 'gradlens/evaluation'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { type DenseLayer, densePredictor } from '../../support/models/dense-net.js'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { seededRandom, uniform } from '../../support/random.js'
import { randomLayers } from '../../support/models/small-nets.js'
import { sequentialOf } from '../../support/models/tfjs-nets.js'

/** Float32 outputs of order 1, and their differences. */
const tolerance = 1e-5
/** A correlation divides those by their spread, which is a few tenths. */
const correlationTolerance = 1e-4

const layers: readonly DenseLayer[] = randomLayers([6, 5, 3], 'softmax', 3)
const x: NdArray = { data: uniform(seededRandom(8), 24, [-2, 2]), shape: [4, 6] }
const target = [0, 1, 2, 0]

/** The numbers of every measure, of the model's own integrated gradients. */
async function measure(
  predictor: Predictor<tf.Tensor> | Predictor<NdArray>,
  device: 'cpu' | 'wasm' | 'webgpu',
): Promise<Readonly<Record<'outputs' | 'correlations' | 'sensitivities', readonly number[]>>> {
  const generic = predictor as Predictor
  using explainer = new IntegratedGradients(generic, { device, nSteps: 8 })
  using evaluator = new AttributionEvaluator(generic, { device, batchSize: 10 })
  const explain = async (points: NdArray | readonly NdArray[]): Promise<readonly NdArray[]> =>
    (await explainer.explain(points, { target })).attributions
  const attributions = await explain(x)
  const completeness = await evaluator.completeness(x, attributions, { target })
  const deletion = await evaluator.deletion(x, attributions, { target, steps: 4 })
  const insertion = await evaluator.insertion(x, attributions, { target })
  const muFidelity = await evaluator.muFidelity(x, attributions, { target, subsetSize: 2 })
  const sensitivity = await sensitivityMax(explain, x, { radius: 0.1, samples: 3 })
  expect(evaluator.device).toBe(device)
  const outputs = [completeness.deltas, deletion.scores, deletion.areas, insertion.scores]
  return {
    outputs: outputs.flatMap(({ data }) => [...data]),
    correlations: [...muFidelity.correlations.data],
    sensitivities: [...sensitivity.sensitivities.data],
  }
}

/** The measures on every device against the same in float64. */

describe.each(devices)('measures of attributions on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it('are those of the same net in float64', async () => {
    const got = await measure(tfjsPredictor(sequentialOf(layers)), device)
    const wanted = await measure(densePredictor(layers), 'cpu')
    expectNear(got.outputs, wanted.outputs, tolerance)
    expectNear(got.correlations, wanted.correlations, correlationTolerance)
    expectNear(got.sensitivities, wanted.sensitivities, correlationTolerance)
  })
})
