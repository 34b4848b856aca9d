import { type ArrayInput, isArrayObject, toNdArray } from '../array-input.js'
import { InvalidArgumentError } from '../errors.js'
import type { Inputs } from '../explainers/reading/inputs.js'
import { createMeta } from '../explainers/session/explanation-meta.js'
import { createProgressReporter } from '../explainers/session/progress.js'
import type { SelfInfluenceData } from '../explainers/similarity/self-influence.js'
import type { SimilarityData } from '../explainers/similarity/similarity-explanation.js'
import type { SimilarityExplainOptions } from '../explainers/similarity/similarity-options.js'
import { createExplanation, type Explanation } from '../explanation.js'
import { isRecord } from '../is-record.js'
import { assertFinite, type NdArray, rows } from '../ndarray.js'
import { assertKnownKeys, type CallOptions, describe, readPositiveInteger } from '../options.js'

/** GradientSimilarity that was fitted with the training examples, or its proxy for a worker. */
export interface FittedSimilarity<Item = never> {
  /** Ranks the training examples for each example of `x`. */
  explain(
    x: Inputs<Item>,
    y: ArrayInput,
    options: SimilarityExplainOptions,
  ): Promise<Pick<SimilarityData, 'scores' | 'orderedIndices'>>
  /** Resolves to one score per training example. */
  selfInfluence(options: CallOptions): Promise<Pick<SelfInfluenceData, 'scores'>>
}

/** Options of rankSuspectLabels. */
export interface SuspectLabelOptions extends CallOptions {
  /** How many of the most and of the least similar training examples count as neighbours. Default 10. */
  readonly neighbours?: number | undefined
  /** `[n]`: other self-influence scores, for example of InfluenceFunctions. Default: those of the explainer. */
  readonly selfInfluence?: ArrayInput | undefined
}

/** Training examples in the order in which their labels should be checked. */
export interface SuspectLabels {
  /** `[n]` i32: the training examples, the most suspect first; ties keep the lower index first. */
  readonly orderedIndices: NdArray
  /** `[n]` f64, in the order of the training examples: from 0 to 1, the mean of both ranks; 1 is the most suspect. */
  readonly scores: NdArray
  /** `[n]` f64: the self-influence of each training example. High is suspect. */
  readonly selfInfluence: NdArray
  /**
   * `[n]` f64, from −1 to 1: the mean cosine of each example's gradient with those of its neighbours, the most similar and
   * the most opposed. Low is suspect: nothing else teaches this label, and others teach against it.
   */
  readonly agreement: NdArray
}

/**
 * Ranks training examples by how suspect their labels are: by the mean of two ranks, of their self-influence and of the
 * disagreement of their neighbours in the cosine of gradients. Each finds wrong labels that the other one misses;
 * docs/guides/evaluation.md has measurements. Compares all pairs of training examples, in batches of questions.
 *
 * @param explainer GradientSimilarity, fitted with these examples in this order, or its proxy for a worker. With
 *   `precomputeGrads` the gradients are computed once, and not for each batch
 * @param xTrain the training examples, as for `fit`
 * @param yTrain their labels
 * @throws InvalidArgumentError if the explainer was fitted with another number of examples; NonFiniteError if an example's
 *   gradient is not finite; and the errors of `explain`
 * @example
 * using explainer = new GradientSimilarity(predictor, loss, {
 *   precomputeGrads: true,
 * })
 * await explainer.fit(xTrain, yTrain)
 * const { orderedIndices } = await rankSuspectLabels(explainer, xTrain, yTrain)
 */
export async function rankSuspectLabels<Item = never>(
  explainer: FittedSimilarity<Item>,
  xTrain: Inputs<Item>,
  yTrain: ArrayInput,
  options: SuspectLabelOptions = {},
): Promise<Explanation<SuspectLabels>> {
  assertKnownKeys('options', options, ['neighbours', 'selfInfluence', 'signal', 'onProgress'])
  const { signal, onProgress } = options
  const neighbourCount = readPositiveInteger('neighbours', options.neighbours ?? 10)
  const report = createProgressReporter('rankSuspectLabels', false, onProgress)
  // Read before the first await ends, so that later changes to the page's arrays have no effect.
  const reading = [toNdArray('yTrain', yTrain), readExamples(xTrain)] as const
  const [y, x] = await Promise.all(reading)
  const exampleCount = y.shape[0] ?? 0
  if (x.exampleCount !== exampleCount || exampleCount < 2) {
    throw new InvalidArgumentError(
      'yTrain',
      `${exampleCount} labels for ${x.exampleCount} examples`,
      'one label per example, of two or more examples',
    )
  }
  const selfInfluence = await readSelfInfluence(explainer, options, exampleCount)
  const agreement = new Float64Array(exampleCount)
  for (let start = 0; start < exampleCount; start += questionsPerBatch) {
    const end = Math.min(start + questionsPerBatch, exampleCount)
    const ranked = await explainer.explain(x.take(start, end), rows(y, start, end), {
      ...{ simFn: 'grad_cos', ranking: 'full', topK: 1, signal },
    })
    if (ranked.orderedIndices.shape[1] !== exampleCount) {
      throw new InvalidArgumentError(
        'explainer',
        `one that was fitted with ${ranked.orderedIndices.shape[1] ?? 0} examples`,
        `one that was fitted with these ${exampleCount}`,
      )
    }
    for (let row = start; row < end; row++) {
      agreement[row] = averageEnds(ranked, row - start, row, neighbourCount)
    }
    signal?.throwIfAborted()
    report({ phase: 'explain', done: end, total: exampleCount })
  }
  const shape = [exampleCount]
  const ranks = [rankAscending(selfInfluence), rankAscending(agreement.map((mean) => -mean))]
  const scores = ranks[0]!.map((rank, i) => (rank + ranks[1]![i]!) / 2)
  const order = Int32Array.from(scores, (_, i) => i)
  order.sort((i, j) => scores[j]! - scores[i]! || i - j)
  return createExplanation(createMeta('rankSuspectLabels', { neighbours: neighbourCount }), {
    orderedIndices: { data: order, shape },
    scores: { data: scores, shape },
    selfInfluence: { data: selfInfluence, shape },
    agreement: { data: agreement, shape },
  })
}

/** Few enough that the scores of a batch take little memory; enough that a pass over the gradients is worth it. */
const questionsPerBatch = 64

interface Examples<Item> {
  readonly exampleCount: number
  take(start: number, end: number): Inputs<Item>
}

/** Reads examples as arrays; raw items stay items. */
async function readExamples<Item>(xTrain: Inputs<Item>): Promise<Examples<Item>> {
  const isList = Array.isArray(xTrain)
  if (isList && !xTrain.every(isArrayObject) && !isNested(xTrain)) {
    const items = [...(xTrain as readonly Item[])]
    return {
      exampleCount: items.length,
      take: (start, end) => items.slice(start, end),
    }
  }
  if (isList && xTrain.every(isArrayObject)) {
    const arrays = await Promise.all(
      (xTrain as readonly ArrayInput[]).map((array, i) => toNdArray(`xTrain[${i}]`, array)),
    )
    return {
      exampleCount: arrays[0]?.shape[0] ?? 0,
      take: (start, end) => arrays.map((array) => rows(array, start, end)),
    }
  }
  if (isRecord(xTrain) && !isArrayObject(xTrain) && !ArrayBuffer.isView(xTrain)) {
    const named = await Promise.all(
      Object.entries(xTrain).map(
        async ([name, array]) => [name, await toNdArray(`xTrain.${name}`, array)] as const,
      ),
    )
    return {
      exampleCount: named[0]?.[1].shape[0] ?? 0,
      take: (start, end) =>
        Object.fromEntries(named.map(([name, array]) => [name, rows(array, start, end)])),
    }
  }
  const array = await toNdArray('xTrain', xTrain as ArrayInput)
  return { exampleCount: array.shape[0] ?? 0, take: (start, end) => rows(array, start, end) }
}

/** True for nested numbers, whose innermost lists may be typed arrays. */
function isNested(value: unknown): boolean {
  if (!Array.isArray(value)) return typeof value === 'number' || ArrayBuffer.isView(value)
  return value.length === 0 || isNested(value[0])
}

async function readSelfInfluence<Item>(
  explainer: FittedSimilarity<Item>,
  { selfInfluence, signal }: SuspectLabelOptions,
  exampleCount: number,
): Promise<Float64Array> {
  const scores =
    selfInfluence === undefined
      ? (await explainer.selfInfluence({ signal })).scores
      : await toNdArray('selfInfluence', selfInfluence)
  if (scores.shape.length !== 1 || scores.shape[0] !== exampleCount) {
    throw new InvalidArgumentError(
      selfInfluence === undefined ? 'explainer' : 'selfInfluence',
      describe(scores),
      `a self-influence score for each of the ${exampleCount} examples`,
    )
  }
  assertFinite('selfInfluence', scores, 'Look at the label of that example, and at the weights.')
  return Float64Array.from(scores.data)
}

/** The mean cosine with the k most and the k least similar others. */
function averageEnds(
  { scores, orderedIndices }: Pick<SimilarityData, 'scores' | 'orderedIndices'>,
  question: number,
  self: number,
  k: number,
): number {
  const count = orderedIndices.shape[1]!
  const others: number[] = []
  for (let place = question * count; place < (question + 1) * count; place++) {
    if (orderedIndices.data[place] !== self) others.push(scores.data[place]!)
  }
  const finite = others.filter(Number.isFinite)
  const mean = (ends: readonly number[]): number =>
    ends.reduce((sum, cosine) => sum + cosine, 0) / ends.length
  return (mean(finite.slice(0, k)) + mean(finite.slice(-k))) / 2
}

/** The rank of each value from 0 to 1; ties share their mean rank. */
function rankAscending(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i).sort((i, j) => values[i]! - values[j]!)
  const ranks = new Float64Array(values.length)
  for (let first = 0; first < order.length;) {
    let end = first + 1
    while (end < order.length && values[order[end]!] === values[order[first]!]) end++
    const rank = (first + end - 1) / 2 / (order.length - 1)
    for (let at = first; at < end; at++) ranks[order[at]!] = rank
    first = end
  }
  return ranks
}
