import type { TensorModel } from '../models/model.js'
import type { NdArray } from '../../ndarray.js'
import type { ForwardArguments } from '../../predictor.js'

/** What all sessions of a model on one device know about it, so that each is checked once. */
export interface ModelChecks {
  /** True once two calls gave the same output. */
  isRepeatable: boolean
  /** The shapes of inputs for which the examples of a batch were found apart. */
  readonly apart: Set<string>
  /** The values of the weights that were checked: other weights may mix examples where these do not. */
  weights: readonly object[]
}

/** Inputs of any length, as texts have, would otherwise add up. */
const knownShapes = 32

const checks = new WeakMap<TensorModel, Map<string, ModelChecks>>()

/** What is known about a model on a device. Nothing at first. */
export function modelChecks(model: TensorModel, device: string): ModelChecks {
  const ofModel = checks.get(model) ?? new Map<string, ModelChecks>()
  checks.set(model, ofModel)
  const found = ofModel.get(device) ?? {
    isRepeatable: false,
    apart: new Set<string>(),
    weights: [],
  }
  ofModel.set(device, found)
  return found
}

/** Forgets what was found with other weights. */
export function refreshChecks(known: ModelChecks, model: TensorModel): void {
  const weights = model.weights().map(({ tensor }) => tensor.dataId)
  const isSame =
    weights.length === known.weights.length && weights.every((id, k) => id === known.weights[k])
  if (isSame) return
  known.weights = weights
  known.isRepeatable = false
  known.apart.clear()
}

/** Runs a check of inputs, unless inputs of the same shape have passed it. */
export async function checkShapesOnce(
  passed: Set<string>,
  x: readonly NdArray[],
  forwardArguments: ForwardArguments,
  check: () => Promise<void>,
): Promise<void> {
  const shapeOf = ({ shape }: NdArray): string => shape.slice(1).join('×')
  const further = Object.entries(forwardArguments).map(
    ([name, array]) => `${name}: ${shapeOf(array)}`,
  )
  const key = [...x.map(shapeOf), ...further].join(', ')
  if (passed.has(key)) return
  await check()
  passed.add(key)
  const [oldest] = passed
  if (passed.size > knownShapes && oldest !== undefined) passed.delete(oldest)
}
