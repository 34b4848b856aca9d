import type { NdArray } from '../../ndarray.js'
import type { LossFunction } from '../../losses/loss.js'
import type { Tensor } from '@tensorflow/tfjs'
import type { TensorModel } from '../models/model.js'
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
  /** By loss, the batch sizes whose gradients were compared with those of single examples. */
  readonly checkedSizes: Map<LossFunction<Tensor> | string, Set<number>>
}

/** Limits the entries for inputs of variable length, such as texts. */
const knownShapes = 32

const knowledge = new WeakMap<TensorModel, Map<string, TapeKnowledge>>()

/** Returns the knowledge that all sessions of a model share. Empty at first. */
export function findTapeKnowledge(
  model: TensorModel,
  device: string,
  x: readonly NdArray[],
): TapeKnowledge {
  const ofModel = knowledge.get(model) ?? new Map<string, TapeKnowledge>()
  knowledge.set(model, ofModel)
  const key = [device, ...x.map(({ shape }) => shape.slice(1).join('×'))].join(' ')
  const found = ofModel.get(key) ?? emptyKnowledge()
  // Moves the entry to the end of the map: the map is in order of use.
  ofModel.delete(key)
  ofModel.set(key, found)
  const [oldest] = ofModel.keys()
  if (ofModel.size > knownShapes && oldest !== undefined) ofModel.delete(oldest)
  return found
}

/** Clears the knowledge about a model that now computes other ops. */
export function forget(known: TapeKnowledge): void {
  known.outlines.clear()
  known.orders.clear()
  known.checkedSizes.clear()
  known.hasOrders = false
  known.isOneDoubled = false
}

const emptyKnowledge = (): TapeKnowledge => ({
  outlines: new Map(),
  orders: new Map(),
  hasOrders: false,
  isOneDoubled: false,
  checkedSizes: new Map(),
})
