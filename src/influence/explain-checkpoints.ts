import { InvalidArgumentError } from '../errors.js'
import type { ModelCall } from '../explainers/session/model-session.js'
import { selectTrainable } from '../explainers/session/parameters.js'
import { reportRound } from '../explainers/session/progress.js'
import type { PlacedGradients } from '../explainers/similarity/gradient-blocks.js'
import { computeFiniteBlocks, disposeAll } from '../explainers/similarity/rank-training.js'
import {
  createSimilarityExplanation,
  selectMostSimilar,
} from '../explainers/similarity/similarity-explanation.js'
import type { SimilarityVariant } from '../explainers/similarity/similarity-variant.js'
import type { SimilaritySettings } from '../explainers/similarity/similarity-options.js'
import type { GradientContext, TrainingSet } from '../explainers/similarity/training-set.js'
import type { TrainingSimilarity } from '../explainers/similarity/training-similarity.js'
import type { Explanation } from '../explanation.js'
import type { Labels } from '../losses/labels.js'
import { type InfluenceQuestion, readInfluenceLabels } from './influence-question.js'
import { nameQuestionLoss } from './name-question-loss.js'
import { arrangeShares } from './scoring/parameter-shares.js'
import { aggregateGradients, splitByParameter } from './scoring/question-gradients.js'
import { rankScores } from './scoring/rank-scores.js'
import { scoreTraining } from './scoring/score-training.js'
import type { InfluenceData } from './influence-options.js'

/** A checkpoint during one call. */
export interface CheckpointCall<Value> {
  readonly call: ModelCall<Value>
  readonly similarity: TrainingSimilarity<Value>
  readonly fitted: TrainingSet<Value>
  readonly learningRate: number
}

/** What an explanation has about its explainer. */
type Described = Required<Pick<SimilarityVariant<never>, 'name' | 'params'>>

/** Ranks training examples by the sum over the checkpoints of η · g(z)·g(z_j). */
export async function explainCheckpoints<Value>(
  { name, params: describeOwn }: Described,
  checkpoints: readonly CheckpointCall<Value>[],
  question: InfluenceQuestion<Value>,
  settings: SimilaritySettings,
): Promise<Explanation<InfluenceData>> {
  const last = checkpoints.at(-1)!
  const { ranking, k } = question
  const { testCount, trainCount } = ranking
  const names = selectTrainable(last.call.predictor).map((parameter) => parameter.name)
  const groupCount = question.perParameter ? names.length : 1
  assertScoresFit(groupCount, question, settings)
  const y = await readInfluenceLabels(
    await last.similarity.context(last.call),
    question,
    settings.task,
    last.fitted.labelShape,
  )
  const sums = Array.from({ length: groupCount }, () => new Float64Array(testCount * trainCount))
  const usages: Readonly<Record<string, number>>[] = []
  for (const [round, checkpoint] of checkpoints.entries()) {
    const { call, fitted, similarity, learningRate } = checkpoint
    const weightsVersion = await call.weightsVersion()
    await fitted.assertModel(call, weightsVersion)
    const context = await similarity.context(call)
    const groups = await computeGroups(context, fitted, similarity.variant, question, y)
    const report = reportRound(question.report, round, checkpoints.length)
    try {
      const target = { sums, weight: learningRate, testCount }
      const usage = await scoreTraining(context, fitted, groups, target, (done) => {
        report({ phase: 'explain', done, total: trainCount })
      })
      usages.push(usage)
    } finally {
      disposeAll(groups.flat())
    }
    await call.assertWeights(weightsVersion)
  }
  const ranked = rankScores(addUp(sums), ranking)
  const pick = (indices: Int32Array): Promise<InfluenceData['mostSimilar']> =>
    last.fitted.pick(indices, testCount, last.call.signal)
  const picked = {
    mostSimilar: await pick(selectMostSimilar(ranked, k)),
    leastSimilar: await pick(ranked.leastIndices),
  }
  last.call.check()
  const { aggregate, loss } = question
  const params = (): Readonly<Record<string, unknown>> => ({
    ...describeOwn(),
    ...(aggregate && { aggregate }),
    ...(loss && { questionLoss: typeof loss === 'function' ? 'function' : loss.name }),
  })
  return createSimilarityExplanation(
    { name, params },
    ranked,
    {
      ...picked,
      ...(question.perParameter && arrangeShares(sums, names, ranked, trainCount)),
    },
    {
      ...{ question, fitted: last.fitted, usage: takeGreatest(usages), settings },
      ...{ loss: last.similarity.loss, predictor: last.call.predictor },
      device: last.similarity.model.device,
    },
  )
}

/** Computes the gradients of the examples to be explained: one group of them, or one per parameter. */
async function computeGroups<Value>(
  context: GradientContext<Value>,
  fitted: TrainingSet<Value>,
  { prepare }: Pick<SimilarityVariant<Value>, 'prepare'>,
  { tests: x, loss, aggregate, perParameter }: InfluenceQuestion<Value>,
  y: Labels,
): Promise<PlacedGradients[][]> {
  const { backend, call } = context
  // A variant prepares exact gradients, and projects them itself.
  const projection = prepare === undefined ? fitted.projection : undefined
  const given = { ...context, ...(loss && { loss }), x, y, projection }
  let tests = await computeFiniteBlocks(given).catch((error: unknown) => {
    throw loss === undefined ? error : nameQuestionLoss(error)
  })
  if (aggregate !== undefined) tests = await aggregateGradients(tests, backend, aggregate)
  if (prepare !== undefined) tests = await prepare(tests, context, fitted)
  if (!perParameter) return [tests]
  const own = selectTrainable(call.predictor).map(({ name }) => name)
  return splitByParameter(tests, backend, own)
}

function addUp(sums: readonly Float64Array[]): Float64Array {
  const [first, ...others] = sums as readonly [Float64Array, ...Float64Array[]]
  if (others.length === 0) return first
  const totals = first.slice()
  for (const sum of others) for (const [at, score] of sum.entries()) totals[at]! += score
  return totals
}

/** @throws InvalidArgumentError if the scores of all pairs take more than `maxBytes` */
function assertScoresFit<Value>(
  groupCount: number,
  { ranking: { testCount, trainCount } }: InfluenceQuestion<Value>,
  { maxBytes }: SimilaritySettings,
): void {
  const byteLength = testCount * trainCount * (groupCount * bytesPerScore + bytesPerRankedScore)
  if (byteLength <= maxBytes) return
  const perParameter = groupCount > 1
  throw new InvalidArgumentError(
    perParameter ? 'perParameter' : 'x',
    (perParameter ? `true for ${groupCount} parameters, ` : '') +
      `${testCount} questions and ${trainCount} training examples: ${byteLength.toLocaleString('en')} bytes of scores`,
    `at most maxBytes, ${maxBytes.toLocaleString('en')}: explain fewer examples at once, aggregate them, ` +
      `${perParameter ? 'choose fewer parameters, ' : ''}or set a higher maxBytes`,
  )
}

/** A sum in float64, and the score with its index on the device. */
const bytesPerScore = 16

/** A score with its index, as it comes back from the device and in the explanation. */
const bytesPerRankedScore = 8

/** The peaks of passes that ran one after the other. */
function takeGreatest(
  usages: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, number>> {
  const greatest: Record<string, number> = {}
  for (const [key, value] of usages.flatMap((usage) => Object.entries(usage))) {
    greatest[key] = Math.max(greatest[key] ?? 0, value)
  }
  return greatest
}
