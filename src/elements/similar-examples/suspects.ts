import { isRecord } from '../../is-record.js'
import type { GivenExplanation } from '../base/explanation-source.js'
import type { Label } from './labels.js'

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
