import type { BatchSize } from '../session/batch-size.js'
import { type ArrayInput, toNdArray } from '../../array-input.js'
import { assertFinite, lookAtTheModel, type NdArray } from '../../ndarray.js'
import type { ArraySpec, ForwardArguments, LayerSite, Predictor } from '../../predictor.js'
import { assertRowCounts, readForwardArguments } from '../reading/forward-arguments.js'
import { type Inputs, type ReadInputs, readInputs } from '../reading/inputs.js'
import { readTarget, type Target } from '../reading/targets.js'
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

/** The arguments of a call that attributes, copied from the caller's arrays. */
export interface AttributionRequest {
  readonly read: ReadInputs
  readonly further: ForwardArguments
  readonly target: NdArray | undefined
}

/**
 * Reads the examples, the named arguments and the target of a call. The caller's arrays are copied before the first
 * await, so that later changes to them have no effect.
 *
 * @param specs the inputs that `x` gives
 * @param argument the option that gives the named arguments, for error messages
 * @throws InvalidArgumentError or NonFiniteError
 */
export async function readRequest(
  predictor: Pick<Predictor, 'inputs' | 'preprocess'>,
  x: Inputs<unknown>,
  specs: readonly ArraySpec[],
  argument: string,
  named: Readonly<Record<string, ArrayInput>>,
  target: ArrayInput | undefined,
): Promise<AttributionRequest> {
  const [read, further, given] = await Promise.all([
    readInputs('x', x, specs, predictor),
    readForwardArguments(argument, named, predictor.inputs),
    target === undefined ? undefined : toNdArray('target', target),
  ])
  assertRowCounts(argument, further, read.exampleCount)
  return { read, further, target: given }
}

/** The model's whole output at the examples, and which element of it is explained. */
export interface ExplainedOutput {
  readonly predictions: NdArray
  readonly target: Target
  /** The target as the explanation shows it; null for a single output without target. */
  readonly targetArray: NdArray | null
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
  chooseTarget: (predictions: NdArray) => ArrayInput | undefined,
): Promise<ExplainedOutput> {
  const [predictions] = await joinBatches(call, examples, batchSize, async (session, some) => [
    await session.predict(some.x, some.further),
  ])
  assertFinite('the predictions at x', predictions!, lookAtTheModel)
  const { target, array } = await readTarget(
    chooseTarget(predictions!),
    predictions!.shape,
    call.predictor.output,
  )
  return { predictions: predictions!, target, targetArray: array }
}

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
