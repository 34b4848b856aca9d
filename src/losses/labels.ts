import { InvalidArgumentError } from '../errors.js'
import { type ArrayInput, toNdArray } from '../array-input.js'
import { type NdArray, rows, takeRows } from '../ndarray.js'
import { describe, assertKnownKeys } from '../options.js'

/** Booleans in nested lists. */
export type NestedBooleans = boolean | readonly NestedBooleans[]

/** Which positions of examples count, and how much. For named losses. */
export interface LabelWeights {
  /** [n], one weight per example, or one per position: [n, T] for a sequence. Each 0 or more. */
  readonly sampleWeight?: ArrayInput | undefined
  /** One truth value, or 0 or 1, per position: [n, T] for a sequence. Positions with 0 don't count. */
  readonly mask?: ArrayInput | NestedBooleans | undefined
}

/** Labels in the form that the loss takes, or labels with weights of their positions. */
export type LabelInput = ArrayInput | (LabelWeights & { readonly labels: ArrayInput })

/** Labels as for `LabelInput`. If they are left out, the predicted classes are the labels. */
export type QuestionLabelInput =
  ArrayInput | (LabelWeights & { readonly labels?: ArrayInput | undefined })

/** Labels and weights as arrays of their own. */
export interface GivenLabels {
  readonly labels: NdArray | undefined
  readonly sampleWeight: NdArray | undefined
  readonly mask: NdArray | undefined
}

/**
 * Labels as adapters get them, [n, …]. The loss of example i is Σ factors[i, t] · ℓ(labels[i, t], prediction[i, t]) over
 * its positions t; positions of factor 0 have label 0.
 */
export interface Labels extends NdArray {
  /** [n, …], one number per position; undefined for the mean over the positions, and for loss functions. */
  readonly factors: NdArray | undefined
}

/** The labels of the examples from `start` to `end` − 1, as views. */
export const labelsOf = (labels: Labels, start: number, end: number): Labels => ({
  ...rows(labels, start, end),
  factors: labels.factors && rows(labels.factors, start, end),
})

/** The labels of the given examples, in their order. */
export const takeLabels = (labels: Labels, indices: ArrayLike<number>): Labels => ({
  ...takeRows(labels, indices),
  factors: labels.factors && takeRows(labels.factors, indices),
})

/** No labels: they are the predicted ones. */
export const noLabels: GivenLabels = {
  labels: undefined,
  sampleWeight: undefined,
  mask: undefined,
}

/** Copies labels and weights before it first waits: later changes to the caller's arrays change nothing. */
export async function copyLabels(argument: string, y: QuestionLabelInput): Promise<GivenLabels> {
  if (!isWeighted(y)) {
    return { ...noLabels, labels: await toNdArray(argument, y) }
  }
  assertKnownKeys(argument, y, ['labels', 'sampleWeight', 'mask'])
  const { labels, sampleWeight, mask } = y
  const copy = async (name: string, array: ArrayInput | undefined): Promise<NdArray | undefined> =>
    array === undefined ? undefined : toNdArray(`${argument}.${name}`, array)
  const copies = await Promise.all([
    copy('labels', labels),
    copy('sampleWeight', sampleWeight),
    copy('mask', mask === undefined ? undefined : numbersOf(mask)),
  ])
  return { labels: copies[0], sampleWeight: copies[1], mask: copies[2] }
}

/** @throws InvalidArgumentError if the labels are missing */
export function requireLabels(
  argument: string,
  given: GivenLabels,
): GivenLabels & { readonly labels: NdArray } {
  const { labels } = given
  if (labels !== undefined) return { ...given, labels }
  throw new InvalidArgumentError(`${argument}.labels`, describe(labels), 'one label per example')
}

const isWeighted = (y: QuestionLabelInput): y is Exclude<QuestionLabelInput, ArrayInput> =>
  typeof y === 'object' &&
  (y as unknown) !== null &&
  !Array.isArray(y) &&
  ['labels', 'sampleWeight', 'mask'].some((key) => key in y)

function numbersOf(mask: ArrayInput | NestedBooleans): ArrayInput {
  if (typeof mask === 'boolean') return Number(mask)
  return Array.isArray(mask)
    ? ((mask as NestedBooleans[]).map(numbersOf) as ArrayInput)
    : (mask as ArrayInput)
}
