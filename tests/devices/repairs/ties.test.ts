import * as tf from '@tensorflow/tfjs'
import { IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, it, onTestFinished } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { loadGraph, node, placeholder } from '../../support/models/graph-models.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { seededRandom } from '../../support/random.js'
import { gradientsOn } from '../../support/references/tape-gradients.js'

/** Shares of a few whole numbers, each rounded once or twice. */
const tolerance = 1e-5

type Extreme = 'max' | 'min'

interface TiedCase {
  readonly reduction: Extreme
  readonly shape: readonly number[]
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

/** Every set of axes of tensors of rank 1 to 4. */
function* tiedCases(): Generator<TiedCase> {
  const random = seededRandom(12)
  for (const rank of [1, 2, 3, 4]) {
    for (let set = 1; set < 2 ** rank; set++) {
      yield {
        reduction: random() < 0.5 ? 'max' : 'min',
        shape: Array.from({ length: rank }, () => 1 + Math.floor(random() * 4)),
        axes: Array.from({ length: rank }, (_, axis) => axis).filter((axis) => set & (2 ** axis)),
        keepDims: random() < 0.5,
      }
    }
  }
}

/** The closed form: of each group that is reduced together, the tied values share the group's weight equally. */
function sharedGradient(
  { reduction, shape, axes }: TiedCase,
  x: Float32Array,
  weights: Float32Array,
): Float64Array {
  const groupOf = Int32Array.from(x, (_, at) => {
    let [group, rest, size] = [0, at, x.length]
    for (const [axis, length] of shape.entries()) {
      size /= length
      if (!axes.includes(axis)) group = group * length + Math.floor(rest / size)
      rest %= size
    }
    return group
  })
  const membersOf = (group: number): number[] => [...x.keys()].filter((at) => groupOf[at] === group)
  return Float64Array.from(x, (value, at) => {
    const values = membersOf(groupOf[at]!).map((member) => x[member]!)
    const extreme = Math[reduction](...values)
    const ties = values.filter((one) => one === extreme).length
    return value === extreme ? weights[groupOf[at]!]! / ties : 0
  })
}

/** What the loss's gradient at an output is 1 for: the output itself. */
const outputItself = (_: tf.Tensor, output: tf.Tensor): tf.Tensor => output.sum()

beforeAll(() => useDevice('cpu'))

describe.each(devices)('ties on %s', (device) => {
  it('share the gradient of a maximum or minimum equally, over any axes', async () => {
    const random = seededRandom(3)
    for (const tiedCase of tiedCases()) {
      const { reduction, shape, axes, keepDims } = tiedCase
      // Two or three levels, so that nearly every group has ties.
      const x = Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, () =>
        Math.floor(random() * 3),
      )
      const groups = shape.reduce((n, length, axis) => (axes.includes(axis) ? n : n * length), 1)
      const weights = Float32Array.from({ length: groups }, () => 1 + Math.floor(random() * 5))
      const reduce = (tensor: tf.Tensor): tf.Tensor => tf[reduction](tensor, [...axes], keepDims)
      const { gradients } = await gradientsOn(device, reduce, [shape], [x], weights)
      expectNear(gradients[0]!, sharedGradient(tiedCase, x, weights), tolerance)
    }
  })

  it('count a parameter once for any number of tied positions', async () => {
    const random = seededRandom(4)
    for (const length of [2, 4, 7]) {
      const bias = tf.tidy(() => tf.variable(tf.scalar(0.5)))
      onTestFinished(() => {
        bias.dispose()
      })
      const predictor = tfjsPredictor({
        call: (x) => x.relu().add(bias).max(1, true),
        variables: [bias],
        inputs: [{ shape: [length] }],
      })
      using session = await predictor.open(device, { allowSoftware: true })
      // Padding: most positions are negative, so that the relu makes them equal.
      const data = Float32Array.from({ length: 3 * length }, () => -random())
      const x = [{ data, shape: [3, length] }]
      const y = { data: new Float32Array(3), shape: [3, 1] }
      const block = await hostGradients(session, x, y, outputItself)
      for (const row of [0, 1, 2]) {
        expectNear([...materializedGradients(block, row).values()][0]!, [1], tolerance)
      }
    }
  })

  it('make the integrated gradients of a maximum sum to its prediction', async () => {
    const unit = tf.tidy(() => tf.variable(tf.scalar(1)))
    onTestFinished(() => {
      unit.dispose()
    })
    const predictor = tfjsPredictor({
      call: (x) => x.mul(unit).max(1),
      variables: [unit],
      inputs: [{ shape: [4] }],
    })
    using explainer = new IntegratedGradients(predictor, { device })
    const { data } = await explainer.explain([[2, 2, 2, 2]])
    expectNear(data.attributions[0]!.data, [0.5, 0.5, 0.5, 0.5], tolerance)
    expectNear(data.deltas.data, [0], tolerance)
  })

  it('share the gradient in GlobalMaxPooling layers, while MaxPooling gives it to the first', async () => {
    const gradientOf = async (layer: tf.layers.Layer, inputShape: number[]): Promise<number[]> => {
      const model = tf.sequential({ layers: [layer] })
      model.build([null, ...inputShape])
      onTestFinished(() => {
        model.dispose()
      })
      using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
      const size = tf.util.sizeFromShape(inputShape)
      const x = [{ data: new Float32Array(size).fill(2), shape: [1, ...inputShape] }]
      const [gradient] = await session.inputGradients(x, Int32Array.of(0), {})
      return [...gradient!.data]
    }
    const rank1 = await gradientOf(tf.layers.globalMaxPooling1d({ inputShape: [4, 1] }), [4, 1])
    expectNear(rank1, [0.25, 0.25, 0.25, 0.25], tolerance)
    const pooling2d = tf.layers.globalMaxPooling2d({ inputShape: [2, 2, 1] })
    const rank2 = await gradientOf(pooling2d, [2, 2, 1])
    expectNear(rank2, [0.25, 0.25, 0.25, 0.25], tolerance)
    const pooling = tf.layers.maxPooling1d({ poolSize: 4, inputShape: [4, 1] })
    expectNear(await gradientOf(pooling, [4, 1]), [1, 0, 0, 0], tolerance)
  })

  it('share the gradient in the Max and Min of a GraphModel, while TopK gives it to its choice', async () => {
    const reduced = (op: string): Promise<tf.GraphModel> =>
      loadGraph({
        nodes: [
          placeholder('x', [-1, 4]),
          node('scaled', 'Mul', ['x', 'w']),
          node('reduced', op, ['scaled', 'axis'], { keep_dims: { b: true } }),
        ],
        weights: {},
        scalars: { w: 1 },
        integers: { axis: [1] },
        outputs: [{ name: 'reduced', shape: [-1, 1] }],
      })
    const x = [{ data: new Float32Array(4).fill(2), shape: [1, 4] }]
    for (const op of ['Max', 'Min']) {
      using session = await tfjsPredictor(await reduced(op)).open(device, { allowSoftware: true })
      const [gradient] = await session.inputGradients(x, Int32Array.of(0), {})
      expectNear(gradient!.data, [0.25, 0.25, 0.25, 0.25], tolerance)
    }
    const topK = (tensor: tf.Tensor): tf.Tensor => tf.topk(tensor, 2).values
    const ones = Float32Array.of(1, 1)
    const { gradients } = await gradientsOn(device, topK, [[4]], [x[0]!.data], ones)
    expectNear(Array.from(gradients[0]!).toSorted(), [0, 0, 1, 1], tolerance)
  })
})
