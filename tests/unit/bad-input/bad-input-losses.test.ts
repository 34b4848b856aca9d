import {
  GradientSimilarity,
  type LabelInput,
  type Loss,
  type LossName,
  lossNames,
  type NamedLoss,
  type NdArray,
  type Predictor,
} from 'gradlens'
import { describe, it } from 'vitest'
import { densePredictor } from '../../support/models/dense-net.js'
import { expectRefusal, type Refusal } from '../../support/refusals.js'
import {
  classifier,
  gridScorer,
  randomLayers,
  regressor,
  testX,
  trainClasses,
  trainX,
} from '../../support/models/small-nets.js'

const options = { device: 'cpu' } as const

const sparse: LossName = 'sparseCategoricalCrossentropy'
const sequenceLoss = 'sparseCategoricalCrossentropyFromLogits'

const oneHot = (label: number): number[] => [0, 1, 2].map((k) => (k === label ? 1 : 0))

/** Labels of two positions. */
const sequences = trainClasses.map((k) => [k, 2 - k])

const yesNoNet = (outputs = 1): Predictor<NdArray> =>
  densePredictor(randomLayers([3, 4, outputs], 'sigmoid'))

const refusedLosses: readonly {
  readonly loss: unknown
  readonly predictor?: Predictor<NdArray>
  readonly refusal: Refusal
}[] = [
  {
    loss: { name: sparse, ignore: -1 },
    refusal: {
      argument: 'lossFn',
      got: "'ignore'",
      expected: 'only name, ignoreLabel, classWeight, reduction, delta, gamma, alpha',
    },
  },
  {
    loss: { name: 'crossentropy' },
    refusal: {
      argument: 'lossFn.name',
      got: "'crossentropy'",
      expected: `one of ${lossNames.map((name) => `'${name}'`).join(', ')}`,
    },
  },
  {
    loss: { name: sparse, mask: [[1, 0]] },
    refusal: {
      argument: 'lossFn',
      got: "'mask'",
      expected: 'it with the labels: { labels, mask } in the place of the labels',
    },
  },
  {
    loss: { name: sparse, reduction: 'average' },
    refusal: {
      argument: 'lossFn.reduction',
      got: "'average'",
      expected: "one of 'mean', 'weightedMean', 'sum'",
    },
  },
  {
    loss: { name: 'meanSquaredError', ignoreLabel: -1 },
    refusal: {
      argument: 'lossFn.ignoreLabel',
      got: "a value for 'meanSquaredError'",
      expected:
        'none: only sparse losses have it; for others, give a mask with the labels: { labels, mask }',
    },
  },
  {
    loss: { name: sparse, ignoreLabel: '-1' },
    refusal: { argument: 'lossFn.ignoreLabel', got: "'-1'", expected: 'an integer' },
  },
  {
    loss: { name: 'huber', classWeight: [1, 2] },
    refusal: {
      argument: 'lossFn.classWeight',
      got: "a value for 'huber'",
      expected:
        'none: only losses of classes have it; for others, give weights with the labels: { labels, sampleWeight }',
    },
  },
  {
    loss: { name: sparse, classWeight: 2 },
    refusal: {
      argument: 'lossFn.classWeight',
      got: '2',
      expected: 'a list of one weight per class, or a record of weights by class index',
    },
  },
  {
    loss: { name: sparse, classWeight: { cat: 2 } },
    refusal: {
      argument: 'lossFn.classWeight',
      got: "the class 'cat'",
      expected: 'class indices, integers of 0 or more',
    },
  },
  {
    loss: { name: sparse, classWeight: [1, -2, 1] },
    refusal: {
      argument: 'lossFn.classWeight[1]',
      got: '-2',
      expected: 'a finite number of 0 or more',
    },
  },
  {
    loss: { name: sparse, classWeight: { 3: 2 } },
    refusal: {
      argument: 'lossFn.classWeight',
      got: 'a weight for class 3',
      expected: 'classes from 0 to 2',
    },
  },
  {
    loss: { name: sparse, classWeight: [1, 2] },
    refusal: {
      argument: 'lossFn.classWeight',
      got: '2 weights',
      expected: '3, one per class; or a record of weights by class index',
    },
  },
  {
    loss: { name: 'binaryCrossentropy', classWeight: { 2: 1 } },
    predictor: yesNoNet(),
    refusal: {
      argument: 'lossFn.classWeight',
      got: 'a weight for class 2',
      expected: 'classes from 0 to 1',
    },
  },
  {
    loss: { name: 'binaryCrossentropy', classWeight: { 1: 2 } },
    predictor: yesNoNet(3),
    refusal: {
      argument: 'lossFn.classWeight',
      got: "weights for 'binaryCrossentropy' with 3 outputs",
      expected:
        'a model with one output, of the classes 0 and 1; for several, give weights with the labels: { labels, sampleWeight }',
    },
  },
  {
    loss: { name: sparse, delta: 2 },
    refusal: {
      argument: 'lossFn.delta',
      got: `a value for '${sparse}'`,
      expected: "none: only 'huber' has it",
    },
  },
  {
    loss: { name: 'huber', delta: 0 },
    refusal: { argument: 'lossFn.delta', got: '0', expected: 'a finite number above 0' },
  },
  {
    loss: { name: 'hinge', gamma: 2 },
    refusal: {
      argument: 'lossFn.gamma',
      got: "a value for 'hinge'",
      expected: 'none: only focal losses have it',
    },
  },
  {
    loss: { name: 'categoricalFocalCrossentropy', gamma: -1 },
    refusal: { argument: 'lossFn.gamma', got: '-1', expected: 'a finite number of 0 or more' },
  },
  {
    loss: { name: 'binaryFocalCrossentropy', alpha: 1 },
    refusal: {
      argument: 'lossFn.alpha',
      got: '1',
      expected: 'a number between 0 and 1: the weight of label 1; label 0 has the rest',
    },
  },
]

const refusedLabels: readonly {
  readonly title: string
  readonly loss?: Loss<NdArray>
  readonly predictor?: Predictor<NdArray>
  readonly y: unknown
  readonly refusal: Refusal
}[] = [
  {
    title: 'a mask without labels',
    y: { mask: trainClasses.map(() => [1, 1]) },
    refusal: { argument: 'yTrain.labels', got: 'undefined', expected: 'one label per example' },
  },
  {
    title: 'an unknown key',
    y: { labels: sequences, weights: [1] },
    refusal: {
      argument: 'yTrain',
      got: "'weights'",
      expected: 'only labels, sampleWeight, mask',
    },
  },
  {
    title: 'a mask with too few positions',
    y: { labels: sequences, mask: trainClasses.map(() => [1]) },
    refusal: { argument: 'yTrain.mask', got: 'shape [6, 1]', expected: 'shape [6, 2]' },
  },
  {
    title: 'a mask with too few examples',
    y: { labels: sequences, mask: [[true, false]] },
    refusal: { argument: 'yTrain.mask', got: 'shape [1, 2]', expected: 'shape [6, 2]' },
  },
  {
    title: 'a mask of fractions',
    y: { labels: sequences, mask: trainClasses.map(() => [1, 0.5]) },
    refusal: {
      argument: 'yTrain.mask',
      got: '0.5 at [0, 1]',
      expected: 'true or false, 1 or 0; other weights go into sampleWeight',
    },
  },
  {
    title: 'weights of another length',
    y: { labels: sequences, sampleWeight: [1, 2, 3] },
    refusal: {
      argument: 'yTrain.sampleWeight',
      got: 'shape [3]',
      expected: 'shape [6], one weight per example, or [6, 2], one per position',
    },
  },
  ...[-1, NaN, Infinity].map((weight) => ({
    title: `the weight ${weight}`,
    y: { labels: sequences, sampleWeight: [1, 1, weight, 1, 1, 1] },
    refusal: {
      argument: 'yTrain.sampleWeight',
      got: `${weight} at [2]`,
      expected: 'finite weights of 0 or more',
    },
  })),
  {
    title: 'weights that sum to zero',
    y: { labels: sequences, sampleWeight: [1, 1, 1, 0, 1, 1] },
    refusal: {
      argument: 'yTrain',
      got: 'example 3 with weights that sum to zero',
      expected: 'a positive weight at one position or more; leave such examples out',
    },
  },
  {
    title: 'an example whose mask hides all',
    y: { labels: sequences, mask: trainClasses.map((_, i) => (i === 4 ? [0, 0] : [0, 1])) },
    refusal: {
      argument: 'yTrain',
      got: 'example 4 with no position that counts (mask)',
      expected: 'a positive weight at one position or more; leave such examples out',
    },
  },
  {
    title: 'an example whose labels are all ignored',
    loss: { name: sequenceLoss, ignoreLabel: -1 },
    y: sequences.map((own, i) => (i === 1 ? [-1, -1] : own)),
    refusal: {
      argument: 'yTrain',
      got: 'example 1 with no position that counts (mask, or ignoreLabel -1)',
      expected: 'a positive weight at one position or more; leave such examples out',
    },
  },
  {
    title: 'padding that no option ignores',
    y: sequences.map(([first]) => [first, -1]),
    refusal: { argument: 'yTrain', got: '-1 at [0, 1]', expected: 'class indices from 0 to 2' },
  },
  {
    title: 'weights with a loss function',
    loss: (yTrue) => yTrue,
    y: { labels: sequences, sampleWeight: [1, 1, 1, 1, 1, 1] },
    refusal: {
      argument: 'yTrain.sampleWeight',
      got: 'it with a loss function',
      expected:
        'a named loss; a function gets labels and predictions alone, so put weights into the labels',
    },
  },
  {
    title: 'class weights of shares',
    loss: { name: 'categoricalCrossentropy', classWeight: [1, 2, 3] },
    predictor: classifier(),
    y: trainClasses.map((k) => (k === 2 ? [0.25, 0.25, 0.5] : oneHot(k))),
    refusal: {
      argument: 'yTrain',
      got: 'the label [0.25, 0.25, 0.5] at [2], with classWeight',
      expected:
        'one-hot labels: Keras and PyTorch weight others differently; give sampleWeight for them',
    },
  },
  {
    title: 'class weights of fractions',
    loss: { name: 'binaryCrossentropy', classWeight: [1, 2] },
    predictor: yesNoNet(),
    y: [0, 1, 0.5, 1, 0, 1],
    refusal: {
      argument: 'yTrain',
      got: 'the label [0.5] at [2], with classWeight',
      expected: 'labels 0 or 1; for others, give sampleWeight',
    },
  },
  {
    title: 'labels 0 and −1 of a hinge loss',
    loss: 'hinge',
    predictor: regressor(),
    y: [0, 1, -1, 1, 0, 1],
    refusal: { argument: 'yTrain', got: '-1 at [2]', expected: '−1 and 1, or 0 and 1' },
  },
  {
    title: 'a label 2 of a hinge loss',
    loss: 'squaredHinge',
    predictor: regressor(),
    y: [2, 1, 2, 1, 1, 1],
    refusal: { argument: 'yTrain', got: '2 at [0]', expected: '−1 and 1, or 0 and 1' },
  },
]

describe('a named loss', () => {
  it.each(refusedLosses)('is refused: $loss', async ({ loss, predictor, refusal }) => {
    const make = (): unknown =>
      new GradientSimilarity(predictor ?? classifier(), loss as NamedLoss, options)
    await expectRefusal(make, refusal)
  })

  it('is checked against the classes of a new model', async () => {
    const loss: NamedLoss = { name: sparse, classWeight: { 2: 3 } }
    using explainer = new GradientSimilarity(classifier(), loss, options)
    const two = densePredictor(randomLayers([3, 4, 2], 'softmax'))
    await expectRefusal(
      () => {
        explainer.resetPredictor(two)
      },
      {
        argument: 'lossFn.classWeight',
        got: 'a weight for class 2',
        expected: 'classes from 0 to 1',
      },
    )
    await explainer.fit(trainX, trainClasses)
  })
})

describe('labels', () => {
  it.each(refusedLabels)('are refused with $title', async ({ loss, predictor, y, refusal }) => {
    using explainer = new GradientSimilarity(
      predictor ?? gridScorer(),
      loss ?? sequenceLoss,
      options,
    )
    await expectRefusal(() => explainer.fit(trainX, y as LabelInput), refusal)
  })

  it('are refused with a bad mask by explain, by the name of its argument', async () => {
    using explainer = new GradientSimilarity(gridScorer(), sequenceLoss, options)
    await explainer.fit(trainX, sequences)
    await expectRefusal(() => explainer.explain(testX, { mask: [[1], [1]] }), {
      argument: 'y.mask',
      got: 'shape [2, 1]',
      expected: 'shape [2, 2]',
    })
  })
})
