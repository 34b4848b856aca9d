import { createCheckedSession } from '../adapters/checked-session.js'
import { InvalidArgumentError } from '../errors.js'
import type { NdArray } from '../ndarray.js'
import { assertKnownKeys, describe } from '../options.js'
import type { ArraySpec, ParameterSpec, Predictor, PredictorSession } from '../predictor.js'
import type { BatchKnowledge } from './graph/batch-knowledge.js'
import { listConvolutions } from './model/convolutions.js'
import { findLayer } from './model/layers.js'
import { type LoadedModel, prepareModel, withWeights } from './model/loaded-model.js'
import { type ExternalData, type FileSource, readSource } from './model/read-source.js'
import type { OnnxRuntime } from './runtime/runtime.js'
import { foldIntegers } from './session/fold-integers.js'
import { findOutputShape } from './session/output-shape.js'
import { ModelRunner } from './session/model-runner.js'
import { OnnxPasses } from './session/onnx-passes.js'
import { devicesOf, openRuntimeDevice } from './runtime/runtime-devices.js'

export type { ExternalData, FileSource } from './model/read-source.js'
export type { OnnxRuntime, RuntimeSession, RuntimeTensor } from './runtime/runtime.js'

/** Options of onnxPredictor. */
export interface OnnxPredictorOptions {
  /** Which output is explained, or another tensor of the graph; needed if the model has several outputs. */
  readonly output?: string | undefined
  /** Takes the input of the Softmax, LogSoftmax or Sigmoid at the end of the model as its output. */
  readonly logits?: boolean | undefined
  /**
   * Returns true for the float constants of the file that are parameters. Default: all that the output depends on by
   * differentiable steps, without single numbers such as an epsilon and without running statistics.
   */
  readonly parameters?: ((name: string) => boolean) | undefined
  /** Whether images have their channels first, as in PyTorch, or last. Default: as convolutions take the input. */
  readonly layout?: 'channelsFirst' | 'channelsLast' | undefined
  /** The files with the model's weights. Default: fetched from the folder of the model's URL. */
  readonly externalData?: ExternalData | undefined
  /** The model's name in messages. Default: the name of the file or of its graph. */
  readonly name?: string | undefined
}

/** A predictor whose weights can be replaced. */
export interface OnnxPredictor extends Predictor<NdArray> {
  /**
   * Replaces weights by their names in the file.
   *
   * @throws InvalidArgumentError for names and shapes that the file doesn't have; then nothing is replaced
   */
  setWeights(weights: Readonly<Record<string, NdArray>>): void
}

/**
 * Returns a Predictor for an ONNX model, with gradients: the backward pass is appended to the model's graph, in
 * operators that ONNX Runtime runs.
 *
 * @param ort the page's own `onnxruntime-web`, or `onnxruntime-node`
 * @param model the bytes of an .onnx file, or its URL
 * @throws InvalidArgumentError for anything but an ONNX model, and for missing external data
 * @throws UnsupportedError for opsets before 6 or after 23, control flow, and several outputs without a choice
 * @example
 * import * as ort from 'onnxruntime-web'
 * const predictor = await onnxPredictor(ort, 'model.onnx')
 * const explainer = new GradientSimilarity(
 *   predictor,
 *   'sparseCategoricalCrossentropyFromLogits',
 * )
 */
export async function onnxPredictor(
  ort: OnnxRuntime,
  model: FileSource,
  options: OnnxPredictorOptions = {},
): Promise<OnnxPredictor> {
  checkRuntime(ort)
  assertKnownKeys('options', options, [
    ...['output', 'logits', 'parameters', 'layout', 'externalData', 'name'],
  ])
  const given = await foldIntegers(ort, await readSource(model, options.externalData))
  const name = options.name ?? fileName(model) ?? given.graph.name
  const prepared = prepareModel(given, name, options, options.parameters)
  const source: { current: LoadedModel; readonly knowledge: Map<string, BatchKnowledge> } = {
    current: prepared,
    knowledge: new Map(),
  }
  const operations = new Map<string, object>()
  const output: ArraySpec = {
    name: prepared.output,
    shape: await findOutputShape(ort, given, prepared),
    dtype: 'float32',
    ...(options.logits === true ? { isLogits: true } : {}),
    ...(given.graph.outputs.length > 1 ? { isOneOfSeveral: true } : {}),
  }
  return {
    name,
    inputs: prepared.inputs.map((input) => toSpec(input, options.layout)),
    output,
    devices: devicesOf(ort),
    parameters: prepared.parameters.map((parameter): ParameterSpec => ({
      name: parameter.name,
      shape: parameter.shape,
      trainable: true,
    })),
    findLayer: (argument, reference, at) => findLayer(source.current, argument, reference, at),
    listConvolutions: () => listConvolutions(source.current),
    setWeights(weights): void {
      source.current = withWeights(source.current, weights)
    },
    async open(device, { allowSoftware, parameters }): Promise<PredictorSession<NdArray>> {
      const runner = new ModelRunner(source, await openRuntimeDevice(ort, device, allowSoftware))
      return createCheckedSession(new OnnxPasses(runner, source, operations, parameters))
    },
  }
}

function toSpec(
  { name, shape, dtype, channels }: ArraySpec,
  layout: OnnxPredictorOptions['layout'],
): ArraySpec {
  if (layout === undefined || shape.length !== 3) return { name, shape, dtype, channels }
  return { name, shape, dtype, channels: layout === 'channelsFirst' ? 'first' : 'last' }
}

function checkRuntime(ort: unknown): void {
  const isRuntime =
    typeof ort === 'object' && ort !== null && 'InferenceSession' in ort && 'Tensor' in ort
  if (isRuntime) return
  throw new InvalidArgumentError(
    'ort',
    describe(ort),
    "ONNX Runtime itself: import * as ort from 'onnxruntime-web', or from 'onnxruntime-node'",
  )
}

/** The last part of a URL. */
function fileName(source: FileSource): string | undefined {
  if (typeof source !== 'string' && !(source instanceof URL)) return undefined
  return String(source).split(/[?#]/)[0]!.split('/').at(-1)
}
