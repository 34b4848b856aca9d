import type { GraphModel, LayersModel, Tensor } from '@tensorflow/tfjs'
import { createCheckedSession } from '../adapters/checked-session.js'
import { InvalidArgumentError } from '../errors.js'
import { describe, type Device } from '../options.js'
import type {
  LayerSite,
  OpenOptions,
  ParameterSpec,
  Predictor,
  PredictorSession,
} from '../predictor.js'
import { openDevice } from './engine/devices.js'
import { type FunctionModel, wrapFunctionModel, isFunctionModel } from './models/function-model.js'
import { wrapGraphModel, type GraphModelOptions, isGraphModel } from './models/graph/graph-model.js'
import {
  isLayersModel,
  wrapLayersModel,
  type LayersModelOptions,
} from './models/layers/layers-model.js'
import type { TensorModel } from './models/model.js'
import { withNamedInputs } from './models/named-inputs.js'
import { type PreprocessOptions, createPreprocessor } from './models/preprocess.js'
import { shareWarnings } from '../warn-once.js'
import { TfjsPasses } from './session/passes.js'

export type { FunctionInput, FunctionModel } from './models/function-model.js'
export type { GraphModelOptions } from './models/graph/graph-model.js'
export type { LayersModelOptions } from './models/layers/layers-model.js'
export type { PreprocessOptions } from './models/preprocess.js'

/**
 * Returns a Predictor for one output of a TensorFlow.js model with one or several inputs. The model
 * is a LayersModel (Sequential or functional), a GraphModel that doesn't need executeAsync, or a
 * function of tensors and variables.
 *
 * The model runs in inference mode and is never changed. The page keeps its own backend.
 *
 * @throws UnsupportedError if the model has several outputs and none is chosen, is stateful, or is
 *   a graph with control flow
 * @throws InvalidArgumentError for anything but such a model, or a function that fails on zeros of
 *   its inputs' shapes
 * @example
 * const predictor = tfjsPredictor(await tf.loadLayersModel('model.json'))
 * @example
 * const predictor = tfjsPredictor(await tf.loadGraphModel('model.json'), {
 *   output: 'logits',
 * })
 * @example
 * const [w, b] = [
 *   tf.variable(tf.randomNormal([4, 3])),
 *   tf.variable(tf.zeros([3])),
 * ]
 * const predictor = tfjsPredictor({
 *   call: (x) => tf.matMul(x, w).add(b),
 *   variables: [w, b],
 *   inputs: [{ shape: [4] }],
 * })
 * @example
 * const preprocess = (texts: string[]) =>
 *   tf.tensor2d(texts.map(tokenIds), undefined, 'int32')
 * const predictor = tfjsPredictor(model, { preprocess })
 * using explainer = new IntegratedGradients(predictor, { layer: 'embedding' })
 * await explainer.explain(['a fine film'], { target: 1 })
 */
export function tfjsPredictor<Item>(
  model: LayersModel,
  options: LayersModelOptions & PreprocessOptions<Item>,
): Predictor<Tensor, Item>
export function tfjsPredictor<Item>(
  model: GraphModel,
  options: GraphModelOptions & PreprocessOptions<Item>,
): Predictor<Tensor, Item>
export function tfjsPredictor<Item>(
  model: FunctionModel,
  options: PreprocessOptions<Item>,
): Predictor<Tensor, Item>
export function tfjsPredictor(model: LayersModel, options?: LayersModelOptions): Predictor<Tensor>
export function tfjsPredictor(model: GraphModel, options?: GraphModelOptions): Predictor<Tensor>
export function tfjsPredictor(model: FunctionModel): Predictor<Tensor>
export function tfjsPredictor<Item>(
  model: LayersModel | GraphModel | FunctionModel,
  options: (LayersModelOptions | GraphModelOptions) & Partial<PreprocessOptions<Item>> = {},
): Predictor<Tensor, Item> {
  const tensorModel = withNamedInputs(tensorModelOf(model, options))
  const { preprocess } = options
  const { layers } = tensorModel
  shareWarnings(tensorModel, model)
  const predictor: Predictor<Tensor, Item> = {
    name: tensorModel.name,
    inputs: tensorModel.inputs,
    output: tensorModel.output,
    get parameters(): ParameterSpec[] {
      return tensorModel
        .weights()
        .map(({ name, tensor, trainable }) => ({ name, shape: tensor.shape, trainable }))
    },
    ...(layers === undefined
      ? {}
      : {
          findLayer: (argument, reference, at): LayerSite => layers.find(argument, reference, at),
          listConvolutions: () => layers.listConvolutions(),
        }),
    ...(preprocess === undefined ? {} : { preprocess: createPreprocessor(preprocess) }),
    async open(device: Device, { allowSoftware, parameters }): Promise<PredictorSession<Tensor>> {
      const chosen = withParameters(tensorModel, parameters)
      const opened = await openDevice(device, allowSoftware)
      return createCheckedSession(new TfjsPasses(chosen, opened))
    },
  }
  shareWarnings(predictor, model)
  return predictor
}

/** Returns the model with all weights frozen except the chosen ones. */
function withParameters(model: TensorModel, isChosen: OpenOptions['parameters']): TensorModel {
  if (isChosen === undefined) return model
  return {
    ...model,
    original: model,
    weights: () =>
      model
        .weights()
        .map((weight) => ({ ...weight, trainable: weight.trainable && isChosen(weight.name) })),
  }
}

/** Doesn't use instanceof, because a page may load several copies of TensorFlow.js. */
function tensorModelOf(model: unknown, options: object): TensorModel {
  if (typeof model === 'object' && model !== null) {
    if (isGraphModel(model)) return wrapGraphModel(model, options)
    if (isLayersModel(model)) return wrapLayersModel(model, options)
    if (isFunctionModel(model)) return wrapFunctionModel(model, options)
  }
  throw new InvalidArgumentError('model', describeNoModel(model), expectedModel)
}

const expectedModel =
  'a LayersModel, as tf.loadLayersModel, tf.sequential and tf.model return; a GraphModel, as tf.loadGraphModel ' +
  'returns; or a function with its variables: { call, variables, inputs }'

/** Describes a value that is not a model, and how to get one from it if that is clear. */
function describeNoModel(given: unknown): string {
  if (typeof given !== 'object' || given === null) return describe(given)
  if ('then' in given) return 'a promise (await it first)'
  if (!('modelTopology' in given)) return describe(given)
  const { keras_version: version } = (given.modelTopology ?? {}) as { keras_version?: unknown }
  return typeof version === 'string' && version.startsWith('3')
    ? `the contents of a model.json of Keras ${version}, which tf.loadLayersModel cannot read (export the model with ` +
        'model.export() and convert the SavedModel to a GraphModel)'
    : 'the contents of a model.json (load it with tf.loadLayersModel or tf.loadGraphModel)'
}
