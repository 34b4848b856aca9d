import type { NdArray } from '../ndarray.js'
import type { ForwardArguments } from '../predictor.js'
import type { LossBatch, ModelPasses } from './model-passes.js'

/** The results of the checks of a model on one device, for all of its sessions. */
export interface ModelChecks {
  /** True after two calls gave the same output. */
  isRepeatable: boolean
  /** The shapes of inputs for which the examples of a batch did not affect each other. */
  readonly apart: Set<string>
  /** The weights that were checked. Other weights may mix examples where these do not. */
  weights: readonly object[]
  /** An object for inputs of each shape, for models without `operations`. */
  readonly shapes: Map<string, object>
}

/** The results of the checks of batched loss gradients. */
export interface BatchChecks {
  /** The numbers of examples whose gradients agreed with those of single examples. */
  readonly sizes: Set<number>
  /** Why gradients are computed one example at a time; undefined if they are not. */
  fallbackReason: string | undefined
  /** True if the adapter has warned of that reason already. */
  isKnown: boolean
}

/** Limits the entries for inputs of variable length, such as texts. */
const maxShapes = 32

const checks = new WeakMap<object, Map<string, ModelChecks>>()

/** Returns the results for a model on a device. Empty at first. */
export function findModelChecks({
  model,
  device,
}: Pick<ModelPasses, 'model' | 'device'>): ModelChecks {
  const ofModel = checks.get(model) ?? new Map<string, ModelChecks>()
  checks.set(model, ofModel)
  const found = ofModel.get(device) ?? {
    isRepeatable: false,
    apart: new Set<string>(),
    weights: [],
    shapes: new Map<string, object>(),
  }
  ofModel.set(device, found)
  return found
}

/** Drops the results of other weights. */
export function refreshChecks(known: ModelChecks, weights: readonly object[]): void {
  const isSame =
    weights.length === known.weights.length && weights.every((own, k) => own === known.weights[k])
  if (isSame) return
  known.weights = weights
  known.isRepeatable = false
  known.apart.clear()
}

/** Describes the shapes of inputs and further arguments, without the batch. */
export function describeShapes(x: readonly NdArray[], forwardArguments: ForwardArguments): string {
  const shapeOf = ({ shape }: NdArray): string => shape.slice(1).join('×')
  const further = Object.entries(forwardArguments).map(
    ([name, array]) => `${name}: ${shapeOf(array)}`,
  )
  return [...x.map(shapeOf), ...further].join(', ')
}

/** Adds the shapes of inputs whose examples did not affect each other. */
export function addApart(known: ModelChecks, shapes: string): void {
  known.apart.add(shapes)
  const [oldest] = known.apart
  if (known.apart.size > maxShapes && oldest !== undefined) known.apart.delete(oldest)
}

/** Returns an object for inputs of these shapes, always the same. */
export function findShapes(known: ModelChecks, x: readonly NdArray[]): object {
  const key = describeShapes(x, {})
  const found = known.shapes.get(key) ?? {}
  // Moves the entry to the end of the map: the map is in order of use.
  known.shapes.delete(key)
  known.shapes.set(key, found)
  const [oldest] = known.shapes.keys()
  if (known.shapes.size > maxShapes && oldest !== undefined) known.shapes.delete(oldest)
  return found
}

interface LossChecks {
  readonly ofNames: Map<string, BatchChecks>
  readonly ofFunctions: WeakMap<object, BatchChecks>
}

const batchChecks = new WeakMap<object, LossChecks>()

/** The checks of batches whose factors are kept, which other rules may compute. */
const factorChecks = new WeakMap<object, LossChecks>()

/**
 * Returns the results for batches of a loss. Empty at first.
 *
 * @param operations what `ModelPasses.operations` returns
 */
export function findBatchChecks<Value>(
  operations: object,
  loss: LossBatch<Value>['loss'],
  keepsFactors = false,
): BatchChecks {
  const checks = keepsFactors ? factorChecks : batchChecks
  const known: LossChecks = checks.get(operations) ?? {
    ofNames: new Map(),
    ofFunctions: new WeakMap(),
  }
  checks.set(operations, known)
  if (typeof loss === 'function') {
    const found = known.ofFunctions.get(loss) ?? emptyBatchChecks()
    known.ofFunctions.set(loss, found)
    return found
  }
  // A named loss may be a new object in each call.
  const key = [loss.name, loss.delta, loss.gamma, loss.alpha].join()
  const found = known.ofNames.get(key) ?? emptyBatchChecks()
  known.ofNames.set(key, found)
  return found
}

const emptyBatchChecks = (): BatchChecks => ({
  sizes: new Set(),
  fallbackReason: undefined,
  isKnown: false,
})
