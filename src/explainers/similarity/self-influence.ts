import { createExplanation, type Explanation } from '../../explanation.js'
import type { NdArray } from '../../ndarray.js'
import type { Device, Progress } from '../../options.js'
import { createMeta } from '../session/explanation-meta.js'
import type { ModelCall } from '../session/model-session.js'
import type { SimilarityVariant } from './similarity-variant.js'
import type { GradientContext, StoredNorms, TrainingSet } from './training-set.js'

/** The influence of each training example on its own loss. */
export interface SelfInfluenceData {
  /** [n] f64, in the order of the training examples. */
  readonly scores: NdArray
  /** [n] i32: the training examples, the greatest self-influence first; ties keep the lower index first. */
  readonly orderedIndices: NdArray
  /** The training examples whose score is not finite; they are last in the order. */
  readonly nonFinite: readonly number[]
}

/** A model during one call, with the training examples and what computes. */
export interface SelfInfluenceSource<Value> {
  readonly call: ModelCall<Value>
  readonly fitted: TrainingSet<Value>
  readonly variant: SimilarityVariant<Value>
  /** How much its self-influence counts. */
  readonly weight: number
  readonly openContext: () => Promise<GradientContext<Value>>
}

/**
 * Computes the self-influence of all training examples, summed over models, in one pass over the training gradients of
 * each model.
 */
export async function computeSelfInfluence<Value>(
  sources: readonly SelfInfluenceSource<Value>[],
  report: (progress: Progress) => void,
): Promise<Float64Array> {
  const exampleCount = sources[0]!.fitted.exampleCount
  const scores = new Float64Array(exampleCount)
  for (const [round, { call, fitted, variant, weight, openContext }] of sources.entries()) {
    const weightsVersion = await call.weightsVersion()
    await fitted.assertModel(call, weightsVersion)
    const context = await openContext()
    for await (const { squaredNorms, start, end } of readForms(context, fitted, variant)) {
      for (const [k, norm] of squaredNorms.entries()) scores[start + k]! += weight * norm
      call.check()
      const [done, total] = [round * exampleCount + end, sources.length * exampleCount]
      report({ phase: 'explain', done, total })
    }
    await call.assertWeights(weightsVersion)
  }
  return scores
}

/** Reads ‖g‖², or the quadratic forms of a variant. Stored norms are read without the gradients. */
async function* readForms<Value>(
  context: GradientContext<Value>,
  fitted: TrainingSet<Value>,
  { quadraticForms }: SimilarityVariant<Value>,
): AsyncGenerator<StoredNorms> {
  if (quadraticForms === undefined && fitted.readSquaredNorms !== undefined) {
    yield* fitted.readSquaredNorms(context.call.signal)
    return
  }
  const { blocks } = await fitted.pass(context)
  for await (const { gradients, start, end } of blocks) {
    const squaredNorms =
      quadraticForms === undefined
        ? await gradients.squaredNorms()
        : await quadraticForms(gradients, context, fitted)
    yield { squaredNorms, start, end }
  }
}

/** Creates the explanation of an explainer's self-influence scores. */
export function createSelfInfluence(
  explainer: string,
  scores: Float64Array,
  params: Readonly<Record<string, unknown>>,
  device: Device | null,
): Explanation<SelfInfluenceData> {
  const meta = createMeta(`${explainer}.selfInfluence`, { ...params, backendName: device })
  return createExplanation(meta, orderSelfInfluence(scores))
}

/** Orders the training examples by their self-influence. */
function orderSelfInfluence(scores: Float64Array): SelfInfluenceData {
  const all = Int32Array.from(scores, (_, train) => train)
  const isFinite = (train: number): boolean => Number.isFinite(scores[train])
  const finite = all.filter(isFinite).sort((i, j) => scores[j]! - scores[i]! || i - j)
  const nonFinite = all.filter((train) => !isFinite(train))
  const shape = [scores.length]
  const order = new Int32Array(scores.length)
  order.set(finite)
  order.set(nonFinite, finite.length)
  return {
    scores: { data: scores, shape },
    orderedIndices: { data: order, shape },
    nonFinite: [...nonFinite],
  }
}
