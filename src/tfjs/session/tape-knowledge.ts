import type { NdArray } from '../../ndarray.js'
import type { LossFunction } from '../../losses/loss.js'
import type { Tensor } from '@tensorflow/tfjs'
import type { TensorModel } from '../models/model.js'
import type { TapeOutline } from '../per-example/tape-outline.js'

/** What is known about a model's tapes for inputs of one shape on one device. */
export interface TapeKnowledge {
  /** By the number of examples. */
  readonly outlines: Map<number, TapeOutline>
  /** The order of the examples on axes where shapes leave it open: `inner`, by the tensor's number in an outline. */
  readonly orders: Map<number, number>
  /** True once a pass has looked for the orders. */
  hasOrders: boolean
  /** True if the model computes other ops for one example than for several. */
  isOneDoubled: boolean
  /** The batch sizes for which gradients were compared with those of single examples, by the loss. */
  readonly checkedSizes: Map<LossFunction<Tensor> | string, Set<number>>
}

/** Inputs of any length, as texts have, would otherwise add up. */
const knownShapes = 32

const knowledge = new WeakMap<TensorModel, Map<string, TapeKnowledge>>()

/** The knowledge that all sessions of a model share, empty at first. */
export function tapeKnowledge(
  model: TensorModel,
  device: string,
  x: readonly NdArray[],
): TapeKnowledge {
  const ofModel = knowledge.get(model) ?? new Map<string, TapeKnowledge>()
  knowledge.set(model, ofModel)
  const key = [device, ...x.map(({ shape }) => shape.slice(1).join('×'))].join(' ')
  const found = ofModel.get(key) ?? emptyKnowledge()
  // The last one used is the last one in the map.
  ofModel.delete(key)
  ofModel.set(key, found)
  const [oldest] = ofModel.keys()
  if (ofModel.size > knownShapes && oldest !== undefined) ofModel.delete(oldest)
  return found
}

/** Drops what is known of a model that computes other ops than before. */
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
