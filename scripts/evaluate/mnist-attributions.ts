import type * as tf from '@tensorflow/tfjs'
import { AttributionEvaluator, sensitivityMax } from '../../src/evaluation/index.js'
import { Gradient, IntegratedGradients, type NdArray } from '../../src/index.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'
import type { LabelledImages } from '../data/images.js'
import { seededRandom } from '../data/random.js'
import { argMax, formatFigure, formatTable, toArray } from './mnist-format.js'
import { toInput } from '../train/batches.js'

const RANDOM_SEED = 1

type Attribute = (x: NdArray) => Promise<readonly NdArray[]>

/**
 * Measures attributions of each digit's predicted class against a black image, one method per row.
 */
export async function attributionTable(
  model: tf.LayersModel,
  digits: LabelledImages,
): Promise<string> {
  const x = await toArray(toInput(digits))
  const predictor = tfjsPredictor(model)
  const target = argMax(await toArray(model.predict(toInput(digits)) as tf.Tensor))
  using integrated = new IntegratedGradients(predictor, { device: 'wasm' })
  using gradient = new Gradient(predictor, { device: 'wasm' })
  using inputXGradient = new Gradient(predictor, { device: 'wasm', multiplyByInputs: true })
  const attributionsBy =
    (explainer: IntegratedGradients<tf.Tensor> | Gradient<tf.Tensor>): Attribute =>
    async (points) =>
      (await explainer.explain(points, { target })).attributions
  const methods: Readonly<Record<string, Attribute>> = {
    'integrated gradients': attributionsBy(integrated),
    'input × gradient': attributionsBy(inputXGradient),
    gradient: attributionsBy(gradient),
    'random numbers': ({ shape, data }) => {
      const random = seededRandom(RANDOM_SEED)
      return Promise.resolve([{ data: Float32Array.from(data, () => 2 * random() - 1), shape }])
    },
  }
  using evaluator = new AttributionEvaluator(predictor, { device: 'wasm' })
  const rows: string[][] = []
  for (const [name, attribute] of Object.entries(methods)) {
    const attributions = await attribute(x)
    const completeness = await evaluator.completeness(x, attributions, { target })
    const deletion = await evaluator.deletion(x, attributions, { target })
    const insertion = await evaluator.insertion(x, attributions, { target })
    const muFidelity = await evaluator.muFidelity(x, attributions, { target })
    const sensitivity = await sensitivityMax((points) => attribute(points as NdArray), x)
    const measures = [completeness, deletion, insertion, muFidelity, sensitivity]
    rows.push([name, ...measures.map(({ mean }) => formatFigure(mean))])
  }
  return formatTable(
    [
      `attributions of ${digits.labels.length} held-out digits`,
      'completeness, mean \\|delta\\|',
      'deletion area',
      'insertion area',
      'MuFidelity',
      'sensitivity-max',
    ],
    rows,
  )
}
