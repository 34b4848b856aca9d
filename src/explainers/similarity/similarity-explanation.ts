import type { Ranking } from '../../compute/ranking.js'
import { createExplanation, type Explanation } from '../../explanation.js'
import type { NdArray } from '../../ndarray.js'
import type { ReadLoss } from '../../losses/loss.js'
import type { Device } from '../../options.js'
import type { Predictor } from '../../predictor.js'
import { createMeta, listChannels } from '../session/explanation-meta.js'
import { selectTrainable } from '../session/parameters.js'
import type { Question } from './question.js'
import type { SimilaritySettings } from './similarity-options.js'
import type { SimilarityVariant } from './similarity-variant.js'
import type { PickedExamples, TrainingSet } from './training-set.js'

/**
 * The result of GradientSimilarity, for nTest explained examples. n is the number of ranked training
 * examples: all of them, or topK. k is topK, at most n.
 */
export interface SimilarityData {
  /** `[nTest, n]` f32, descending. */
  readonly scores: NdArray
  /** `[nTest, n]` i32: the training examples in the order of the scores; ties keep the lower index first. */
  readonly orderedIndices: NdArray
  /**
   * `[nTest, k, …]`: the most similar training examples; a list of such arrays for a model of several inputs. Of raw items
   * the items themselves, k for each test example; in JSON, items that it can't contain are descriptions. From a store
   * without examples, their addresses, k for each test example; or their ids, [nTest, k], where it has no addresses.
   */
  readonly mostSimilar: PickedExamples
  /** `[nTest, k, …]`: the least similar ones, the least of all first. */
  readonly leastSimilar: PickedExamples
  /** Per test example, the training examples whose score is not finite; they are last in the order. */
  readonly nonFinite: readonly (readonly number[])[]
}

/** What an explanation's parameters describe. */
export interface Explained<Value> {
  readonly question: Question
  readonly fitted: TrainingSet<Value>
  readonly predictor: Predictor<Value>
  readonly loss: ReadLoss<Value>
  readonly settings: SimilaritySettings
  readonly device: Device | null
  /** What the pass over the training gradients took. */
  readonly usage: Readonly<Record<string, number>>
}

type PickedEnds = Pick<SimilarityData, 'mostSimilar' | 'leastSimilar'>

/** Creates the explanation of a ranking by an explainer, with the examples that it picks. */
export function createSimilarityExplanation<Value, Picked extends PickedEnds>(
  { name, params: describeOwn }: Pick<SimilarityVariant<Value>, 'name' | 'params'>,
  { scores, indices, nonFinite }: Ranking,
  picked: Picked,
  explained: Explained<Value>,
): Explanation<SimilarityData & Picked> {
  const params = { ...describeParams(explained), ...describeOwn?.() }
  warnNonFinite(nonFinite)
  const testCount = nonFinite.length
  const shape = [testCount, indices.length / testCount]
  return createExplanation(createMeta(name, params), {
    scores: { data: scores, shape },
    orderedIndices: { data: indices, shape },
    ...picked,
    nonFinite,
  })
}

function describeParams<Value>({
  question: { k, ranking },
  fitted,
  predictor,
  loss,
  settings,
  device,
  usage,
}: Explained<Value>): Readonly<Record<string, unknown>> {
  const projection = fitted.projection?.settings
  return {
    simFnName: ranking.similarity.name,
    storeGrads: fitted.keepsGradients,
    backendName: device,
    taskName: settings.task,
    ...describeLossParams(loss),
    topK: k,
    eps: ranking.similarity.eps,
    inputCount: fitted.inputCount,
    channels: listChannels(predictor.inputs),
    ...(fitted.hasItems && { rawItems: true }),
    ...(settings.parameters && {
      parameters: selectTrainable(predictor).map(({ name }) => name),
    }),
    ...(projection && { projectionSize: projection.size, projectionSeed: projection.seed }),
    ...usage,
  }
}

/** The loss in the parameters of an explanation. */
function describeLossParams<Value>(loss: ReadLoss<Value>): Readonly<Record<string, unknown>> {
  if (typeof loss === 'function') return { lossFn: 'function' }
  const { name, given } = loss
  return { lossFn: name, ...(Object.keys(given).length > 0 && { lossOptions: given }) }
}

/** The first k of each test example's order. */
export function selectMostSimilar({ indices, nonFinite }: Ranking, k: number): Int32Array {
  const length = indices.length / nonFinite.length
  return indices.filter((_, at) => at % length < k)
}

function warnNonFinite(perTest: readonly (readonly number[])[]): void {
  const found = [...new Set(perTest.flat())]
  if (found.length === 0) return
  const shown = found.length > 8 ? [...found.slice(0, 8), '…'] : found
  console.warn(
    `gradlens: the scores of training examples ${shown.join(', ')} are not finite; they are ranked last. ` +
      'Their gradients overflow: look at their labels, the loss and the weights.',
  )
}
