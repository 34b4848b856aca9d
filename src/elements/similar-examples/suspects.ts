import { isRecord } from '../../is-record.js'
import { isNdArray, type GivenExplanation } from '../base/explanation-source.js'
import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'
import type { Label } from './labels.js'

/** The training examples whose labels may be wrong; null: found among the most similar. */
export type Suspects = NdArray | ArrayLike<number> | null

/** @throws InvalidArgumentError for anything but a list of indices */
export function readSuspects(suspects: Suspects): ReadonlySet<number> | null {
  if (suspects === null) return null
  if (isNdArray(suspects)) return new Set(suspects.data)
  if (typeof suspects === 'object' && 'length' in suspects) return new Set(Array.from(suspects))
  const expected = 'the indices of training examples, for example of the first in rankSuspectLabels'
  throw new InvalidArgumentError('trainSuspects', describe(suspects), expected)
}

/** One of the most similar examples. */
export interface Neighbour {
  readonly score: number | undefined
  readonly label: Label | undefined
  /** The model's prediction for it. */
  readonly predicted: Label | undefined
}

/** Fewer neighbours than this are too few to doubt a label. */
const fewestWitnesses = 3
/** Gradients with a lower cosine differ more than they agree: they are no evidence. */
const lowestCosine = 0.5

/** Whether scores are cosines, which don't favour examples with large gradients. */
export function areCosines({ meta }: GivenExplanation): boolean {
  const { params } = meta
  return isRecord(params) && params['simFnName'] === 'grad_cos'
}

/**
 * Whether the label of the neighbour may be wrong: all others agree on one class, at least three of
 * them, its label is another class, and the model does not agree with that label either.
 *
 * @param neighbours the most similar examples by cosine
 */
export function isSuspect(
  neighbour: Neighbour,
  neighbours: readonly Neighbour[],
  name: (label: Label) => string,
): boolean {
  const { label, predicted } = neighbour
  if (label === undefined || !isClose(neighbour)) return false
  if (predicted !== undefined && name(predicted) === name(label)) return false
  const witnesses = neighbours
    .filter((each) => each !== neighbour && isClose(each))
    .map((each) => (each.label === undefined ? undefined : name(each.label)))
  const [agreed] = witnesses
  return (
    witnesses.length >= fewestWitnesses &&
    agreed !== undefined &&
    agreed !== name(label) &&
    witnesses.every((each) => each === agreed)
  )
}

const isClose = ({ score = NaN }: Neighbour): boolean => score >= lowestCosine
