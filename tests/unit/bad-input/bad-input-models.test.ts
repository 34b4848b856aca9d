import * as tf from '@tensorflow/tfjs'
import {
  type ArrayLike,
  ExpectedGradients,
  Gradient,
  type GradlensError,
  IntegratedGradients,
  type Predictor,
} from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { loadGraph, node, placeholder } from '../../support/models/graph-models.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { expectError } from '../../support/refusals.js'

interface Asked {
  readonly layer?: unknown
  readonly target?: ArrayLike
  readonly mask?: ArrayLike
}

type Explain = (predictor: Predictor<tf.Tensor>, x: ArrayLike, asked: Asked) => Promise<unknown>

const device = 'cpu'
const explainers: readonly { readonly name: string; readonly explain: Explain }[] = [
  {
    name: 'IntegratedGradients',
    explain: async (predictor, x, { layer, target, mask }) => {
      using explainer = new IntegratedGradients(predictor, { device, layer, nSteps: 2 })
      const forwardKwargs = mask === undefined ? {} : { mask }
      return await explainer.explain(x, { target, forwardKwargs })
    },
  },
  {
    name: 'ExpectedGradients',
    explain: async (predictor, x, { layer, target, mask }) => {
      using explainer = new ExpectedGradients(predictor, { device, layer, nSamples: 2 })
      const forwardKwargs = mask === undefined ? {} : { mask }
      return await explainer.explain(x, { background: x, target, forwardKwargs })
    },
  },
  {
    name: 'Gradient',
    explain: async (predictor, x, { layer, target, mask }) => {
      using explainer = new Gradient(predictor, {
        device,
        layer,
        additionalForwardArgExtractor: () => (mask === undefined ? {} : { mask }),
      })
      return await explainer.explain(x, { target })
    },
  },
]

const dense = (
  name: string,
  units: number,
  from: tf.SymbolicTensor,
  activation: 'tanh' | 'softmax' = 'tanh',
): tf.SymbolicTensor =>
  tf.layers.dense({ name, units, activation }).apply(from) as tf.SymbolicTensor

/** Two heads on one body: 3 kinds and 5 sizes. */
function twoHeads(): Predictor<tf.Tensor> {
  const inputs = tf.input({ shape: [2], name: 'x' })
  const body = dense('hidden', 4, inputs)
  const outputs = [dense('kind', 3, body, 'softmax'), dense('size', 5, body, 'softmax')]
  return tfjsPredictor(disposedAfterTest(tf.model({ inputs, outputs })), { output: 'kind' })
}

/** A look-up of 6 words, and what comes after it. */
function textNet(): Predictor<tf.Tensor> {
  const layers = [
    tf.layers.embedding({ inputDim: 6, outputDim: 2, inputLength: 3, name: 'words' }),
    tf.layers.flatten(),
    tf.layers.dense({ units: 2, activation: 'softmax' }),
  ]
  return tfjsPredictor(disposedAfterTest(tf.sequential({ layers })))
}

const functional = (call: (x: tf.Tensor) => tf.Tensor): Predictor<tf.Tensor> =>
  tfjsPredictor({ call, variables: [], inputs: [{ shape: [2] }] })

const x = [
  [0.5, -0.25],
  [1, 2],
]
const ids = [
  [1, 2, 3],
  [0, 5, 4],
]

interface Refused {
  readonly title: string
  readonly build: () => Predictor<tf.Tensor>
  readonly x?: ArrayLike
  readonly asked: Asked
  readonly error: GradlensError['name']
  /** What is wrong, and what to do. */
  readonly parts: readonly string[]
}

const cases: readonly Refused[] = [
  {
    title: 'an unknown layer, with the names that come close',
    build: twoHeads,
    asked: { layer: 'hiden', target: 0 },
    error: 'InvalidArgumentError',
    parts: ["got 'hiden'", "'hidden'"],
  },
  {
    title: 'a layer that the output does not depend on',
    build: twoHeads,
    asked: { layer: 'size', target: 0 },
    error: 'UnsupportedError',
    parts: ["layer 'size': the model does not call it on the way to its output", 'comes after it'],
  },
  {
    title: 'integers without a layer, which have no gradient',
    build: textNet,
    x: ids,
    asked: { target: 0 },
    error: 'UnsupportedError',
    parts: ['the output does not depend on it by differentiable steps', 'embedding', '{ layer }'],
  },
  {
    title: 'a target that another output of the model has',
    build: twoHeads,
    asked: { target: 4 },
    error: 'InvalidArgumentError',
    parts: ["target: got 4; expected an integer from 0 to 2, for output 'kind'"],
  },
  {
    title: 'a mask of another batch size',
    build: twoHeads,
    asked: { target: 0, mask: [[1, 0]] },
    error: 'InvalidArgumentError',
    parts: ['.mask: got shape [1, 2]; expected 2 rows, one per example'],
  },
  {
    title: 'a mask that a function has no input for',
    build: () => functional((input) => input.sum(1, true)),
    asked: { mask: x },
    error: 'UnsupportedError',
    parts: ["got 'mask', which is not an input of model 'function'", 'Make it one of the inputs'],
  },
  {
    title: 'an op without gradient',
    build: () => functional((input) => tf.cumprod(input, 1).sum(1, true)),
    asked: {},
    error: 'UnsupportedError',
    parts: ['No gradient for Cumprod', 'Replace it by differentiable ops'],
  },
  {
    title: 'an output that is an index',
    build: () => functional((input) => input.argMax(1).expandDims(1).toFloat()),
    asked: {},
    error: 'UnsupportedError',
    parts: ['by differentiable steps', 'arg-max'],
  },
]

describe.each(explainers)('$name refuses', ({ explain }) => {
  beforeAll(() => useDevice('cpu'))

  it.each(cases)('$title', async ({ build, x: given = x, asked, error, parts }) => {
    await expectError(() => explain(build(), given, asked), error, ...parts)
  })

  it('an unknown node of a GraphModel, one past its output, and integers without a layer', async () => {
    const model = await loadGraph({
      nodes: [
        placeholder('ids', [-1, 3], 'DT_INT32'),
        node('rows', 'GatherV2', ['table', 'ids', 'axis']),
        node('flat', 'Reshape', ['rows', 'shape']),
        node('logits', 'MatMul', ['flat', 'kernel']),
        node('probabilities', 'Softmax', ['logits']),
      ],
      weights: { table: [6, 2], kernel: [6, 2] },
      integers: { axis: [0], shape: [-1, 6] },
    })
    const predictor = tfjsPredictor(model, { output: 'logits' })
    const refused = (
      layer: string | undefined,
      error: GradlensError['name'],
      ...parts: string[]
    ): Promise<unknown> =>
      expectError(() => explain(predictor, ids, { layer, target: 0 }), error, ...parts)
    await refused('flatt', 'InvalidArgumentError', "got 'flatt'", "'flat'")
    await refused(
      'probabilities',
      'UnsupportedError',
      "the output 'logits' does not depend on it",
      'or choose another output',
    )
    await refused(
      undefined,
      'UnsupportedError',
      "input 'ids' of the graph model takes integers",
      '{ layer }',
    )
  })
})

describe('a GraphModel with control flow', () => {
  it.each(['Switch', 'Merge', 'Enter', 'While', 'StatelessIf', 'Where'])(
    'is refused for its %s when the predictor is made, with what to do',
    async (op) => {
      const model = await loadGraph({
        nodes: [
          placeholder('x', [-1, 2]),
          node('before', 'Tanh', ['x']),
          node('branch', op, ['before', 'x']),
          node('y', 'Relu', ['branch']),
        ],
        weights: {},
      })
      await expectError(
        () => tfjsPredictor(model),
        'UnsupportedError',
        `node 'branch' of the graph model is a ${op}`,
        'executeAsync, which cannot be differentiated',
        'Choose an output before it with { output }',
      )
      // The part before it can be explained.
      using explainer = new Gradient(tfjsPredictor(model, { output: 'before' }), { device })
      await explainer.explain(x, { target: 0 })
    },
  )
})
