import type { NdArray } from '../../ndarray.js'
import type { PerExampleGradients } from '../per-example/per-example.js'
import type { TapeOutline } from '../per-example/tape-outline.js'

/** What is known about a model's tapes for inputs of one shape on one device. */
export interface TapeKnowledge {
  /** By the number of examples. */
  readonly outlines: Map<number, TapeOutline>
  /**
   * `inner` of batch axes whose order the shapes don't show, by the tensor's number in an outline.
   */
  readonly orders: Map<number, number>
  /** True after a pass has determined the orders. */
  hasOrders: boolean
  /** True if the model computes other ops for one example than for several. */
  isOneDoubled: boolean
  /** True if the ops depend on values, so that a pass without values has other ops. */
  needsValues: boolean
  /**
   * How the last batched pass split parameters. Gradients of single examples are split the same
   * way.
   */
  parts: PerExampleGradients['parts']
  /** Another object after the model has computed other ops. */
  operations: object
}

/** Limits the entries for inputs of variable length, such as texts. */
const maxEntries = 32

const knowledge = new WeakMap<object, Map<string, TapeKnowledge>>()

/**
 * Returns the knowledge that all sessions of a model share. Empty at first.
 *
 * @param trainable the names of the parameters whose gradients are computed
 */
export function findTapeKnowledge(
  model: object,
  device: string,
  trainable: readonly string[],
  x: readonly NdArray[],
): TapeKnowledge {
  const ofModel = knowledge.get(model) ?? new Map<string, TapeKnowledge>()
  knowledge.set(model, ofModel)
  const shapes = x.map(({ shape }) => shape.slice(1).join('×'))
  const key = JSON.stringify([device, shapes, trainable])
  const found = ofModel.get(key) ?? emptyKnowledge()
  // Moves the entry to the end of the map: the map is in order of use.
  ofModel.delete(key)
  ofModel.set(key, found)
  const [oldest] = ofModel.keys()
  if (ofModel.size > maxEntries && oldest !== undefined) ofModel.delete(oldest)
  return found
}

/** Clears the knowledge about a model that now computes other ops. */
export function forget(known: TapeKnowledge): void {
  known.outlines.clear()
  known.orders.clear()
  known.hasOrders = false
  known.isOneDoubled = false
  known.operations = {}
}

const emptyKnowledge = (): TapeKnowledge => ({
  outlines: new Map(),
  orders: new Map(),
  hasOrders: false,
  isOneDoubled: false,
  needsValues: false,
  parts: new Map(),
  operations: {},
})
