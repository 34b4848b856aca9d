import type {
  GradientContext,
  StoredNorms,
  TrainingSet,
} from '../explainers/similarity/training-set.js'
import type { NdArray } from '../ndarray.js'

/** The influence of each training example on its own loss. */
export interface SelfInfluenceData {
  /** [n] f64, in the order of the training examples. */
  readonly scores: NdArray
  /** [n] i32: the training examples, the greatest self-influence first; ties keep the lower index first. */
  readonly orderedIndices: NdArray
  /** The training examples whose score is not finite; they are last in the order. */
  readonly nonFinite: readonly number[]
}

/** Adds `weight` · ‖g‖² of each training example to its score. Stored norms are read without the gradients. */
export async function addSquaredNorms<Value>(
  scores: Float64Array,
  weight: number,
  context: GradientContext<Value>,
  fitted: TrainingSet<Value>,
  report: (done: number) => void,
): Promise<void> {
  for await (const { squaredNorms, start, end } of readSquaredNorms(context, fitted)) {
    for (const [k, norm] of squaredNorms.entries()) scores[start + k]! += weight * norm
    context.call.check()
    report(end)
  }
}

async function* readSquaredNorms<Value>(
  context: GradientContext<Value>,
  fitted: TrainingSet<Value>,
): AsyncGenerator<StoredNorms> {
  if (fitted.readSquaredNorms !== undefined) {
    yield* fitted.readSquaredNorms(context.call.signal)
    return
  }
  const { blocks } = await fitted.pass(context)
  for await (const { gradients, start, end } of blocks) {
    yield { squaredNorms: await gradients.squaredNorms(), start, end }
  }
}

/** Orders the training examples by their self-influence. */
export function orderSelfInfluence(scores: Float64Array): SelfInfluenceData {
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
