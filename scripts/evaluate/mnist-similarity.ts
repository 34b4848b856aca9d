import * as tf from '@tensorflow/tfjs'
import {
  identicalClassTest,
  identicalSubclassTest,
  mergeClasses,
  modelRandomisationTest,
} from '../../src/evaluation/index.js'
import {
  type Explanation,
  GradientSimilarity,
  type NdArray,
  type SimilarityData,
  type SimilarityName,
} from '../../src/index.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'
import type { LabelledImages } from '../data/images.js'
import { argMax, formatFigure, formatTable, toArray } from './mnist-format.js'
import { toInput } from '../train/batches.js'
import { trainNet } from '../train/loop.js'
import { createNet } from '../train/mnist-net.js'

const MERGE_SEED = 0
const MERGED_NET_SEED = 1
/** The seeds of the nets with random weights. The demo's own model started with seed 1. */
const RANDOM_NET_SEEDS = [101, 201, 301] as const

/** The demo's recipe, applied to the references only: they are fewer, and they are ranked. */
const mergedRecipe = {
  epochs: 20,
  batchSize: 64,
  learningRate: 0.002,
  maxShiftPixels: 1,
  batchAndDropoutSeed: 1,
} as const

const simFns = ['grad_cos', 'grad_asym_dot', 'grad_dot'] as const

type Rankings = Readonly<Record<SimilarityName, Explanation<SimilarityData>>>

/** Runs the three similarity tests, one similarity function per row. */
export async function similarityTable(
  model: tf.LayersModel,
  references: LabelledImages,
  tests: LabelledImages,
  classCount: number,
): Promise<string> {
  const x = await toArray(toInput(tests))
  const xTrain = await toArray(toInput(references))
  const predicted = await predictedLabels(model, tests)
  const rank = (net: tf.LayersModel, yTrain: NdArray, y: NdArray): Promise<Rankings> =>
    computeRankings(net, { xTrain, yTrain, x, y })
  const trained = await rank(model, labelsOf(references), predicted)

  const random: Rankings[] = []
  for (const seed of RANDOM_NET_SEEDS) {
    const net = createNet(seed, classCount)
    random.push(await rank(net, labelsOf(references), predicted))
    net.dispose()
  }

  const merged = mergeClasses(classCount, { seed: MERGE_SEED })
  const mergedLabels = (digits: LabelledImages): Uint8Array =>
    digits.labels.map((label) => merged.data[label] ?? 0)
  const mergedReferences = { images: references.images, labels: mergedLabels(references) }
  const mergedNet = createNet(MERGED_NET_SEED, 2)
  trainNet(mergedNet, mergedReferences, mergedRecipe)
  const mergedPredictions = await predictedLabels(mergedNet, tests)
  const truth = mergedLabels(tests)
  const isRight = Array.from(mergedPredictions.data, (label, i) => label === truth[i])
  const rightCount = isRight.filter(Boolean).length
  const byMerged = await rank(mergedNet, labelsOf(mergedReferences), mergedPredictions)
  mergedNet.dispose()

  const rows: string[][] = []
  for (const simFn of simFns) {
    const { orderedIndices } = trained[simFn]
    const identicalClass = await identicalClassTest(orderedIndices, labelsOf(references), predicted)
    const subclass = await identicalSubclassTest(
      byMerged[simFn].orderedIndices,
      labelsOf(references),
      labelsOf(tests),
    )
    const rightMatches = isRight.filter((right, i) => right && subclass.matches.data[i] === 1)
    const randomisation = await modelRandomisationTest(
      trained[simFn],
      (run) => Promise.resolve(random[run]![simFn]),
      { runs: random.length },
    )
    rows.push([
      `\`${simFn}\``,
      formatFigure(identicalClass.share),
      formatFigure(subclass.share),
      formatFigure(rightMatches.length / rightCount),
      formatFigure(randomisation.mean),
    ])
  }
  const header = [
    `similarity of ${tests.labels.length} held-out digits to ${references.labels.length} training digits`,
    'identical class',
    'identical subclass',
    `the same, for the ${rightCount} digits that the merged model classifies correctly`,
    `model randomisation, ${random.length} runs`,
  ]
  return `${formatTable(header, rows)}\nmerged classes: ${merged.data.join(' ')}\n`
}

interface Question {
  readonly xTrain: NdArray
  readonly yTrain: NdArray
  readonly x: NdArray
  readonly y: NdArray
}

async function computeRankings(
  net: tf.LayersModel,
  { xTrain, yTrain, x, y }: Question,
): Promise<Rankings> {
  using explainer = new GradientSimilarity(tfjsPredictor(net), 'sparseCategoricalCrossentropy', {
    device: 'wasm',
    precomputeGrads: true,
  })
  await explainer.fit(xTrain, yTrain)
  const explain = (simFn: SimilarityName): Promise<Explanation<SimilarityData>> =>
    explainer.explain(x, y, { simFn })
  return {
    grad_cos: await explain('grad_cos'),
    grad_asym_dot: await explain('grad_asym_dot'),
    grad_dot: await explain('grad_dot'),
  }
}

async function predictedLabels(net: tf.LayersModel, digits: LabelledImages): Promise<NdArray> {
  return argMax(await toArray(tf.tidy(() => net.predict(toInput(digits)) as tf.Tensor)))
}

const labelsOf = ({ labels }: LabelledImages): NdArray => ({
  data: Int32Array.from(labels),
  shape: [labels.length],
})
