import type { BatchSize } from '../session/batch-size.js'
import { assertFinite, lookAtTheModel, type NdArray } from '../../ndarray.js'
import type { ArraySpec, LayerSite, Predictor } from '../../predictor.js'
import type { CopiedTargets } from '../reading/copied-targets.js'
import { type ChosenTargets, readTargets } from '../reading/several-targets.js'
import type { ModelCall } from '../session/model-session.js'
import {
  assertLayerOf,
  type Examples,
  inputSites,
  joinBatches,
  layerSites,
  readLayers,
  type Sites,
} from './sites.js'

/** The model's whole output at the examples, and which elements of it are explained. */
export interface ExplainedOutput {
  readonly predictions: NdArray
  readonly chosen: ChosenTargets
}

/**
 * Predicts the examples and reads the target for the model's output.
 *
 * @param chooseTarget returns the target, from the predictions or as the caller gave it
 * @throws NonFiniteError for a prediction that is not finite; InvalidArgumentError for a target that does not fit
 */
export async function predictTarget<Value>(
  call: ModelCall<Value>,
  examples: Examples,
  batchSize: BatchSize,
  chooseTarget: (predictions: NdArray) => Promise<CopiedTargets> | CopiedTargets | undefined,
): Promise<ExplainedOutput> {
  const [predictions] = await joinBatches(call, examples, batchSize, async (session, some) => [
    await session.predict(some.x, some.further),
  ])
  assertFinite('the predictions at x', predictions!, lookAtTheModel)
  const chosen = await readTargets(
    await chooseTarget(predictions!),
    predictions!.shape,
    call.predictor.output,
  )
  return { predictions: predictions!, chosen }
}

/** The shape of results: with the targets as first axis, if there are several. */
export const withTargets = (
  { targets, isSeveral }: ChosenTargets,
  shape: readonly number[],
): readonly number[] => (isSeveral ? [targets.length, ...shape] : shape)

/** Where a call attributes to. */
export interface ChosenSites<Value> {
  readonly sites: Sites<Value>
  /** The names of the layers; null for the model's inputs. */
  readonly layerNames: readonly string[] | null
}

/**
 * Finds the layers of the option `layer`, or chooses the model's inputs where it is undefined.
 *
 * @param specs the inputs that `x` gives
 * @throws InvalidArgumentError if the model has no such layer, or for layer inputs without a layer
 */
export function chooseSites<Value>(
  predictor: Predictor<Value>,
  specs: readonly ArraySpec[],
  layer: unknown,
  attributeToLayerInputs: boolean,
): ChosenSites<Value> {
  assertLayerOf(attributeToLayerInputs, layer)
  if (layer === undefined) return { sites: inputSites(specs), layerNames: null }
  const at: LayerSite['at'] = attributeToLayerInputs ? 'inputs' : 'outputs'
  const layers = readLayers(predictor, layer, at)
  return { sites: layerSites(layers), layerNames: layers.map(({ layer: name }) => name) }
}

/**
 * Converts sums or products to an attribution in float32.
 *
 * @throws NonFiniteError if a number is not finite
 */
export function toAttribution(
  values: Float64Array | Float32Array,
  shape: readonly number[],
): NdArray {
  const attribution = { data: Float32Array.from(values), shape }
  assertFinite('the attributions', attribution, lookAtTheModel)
  return attribution
}
