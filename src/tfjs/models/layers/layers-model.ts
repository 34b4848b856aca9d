import type { LayersModel, Sequential, SymbolicTensor, Tensor, Variable } from '@tensorflow/tfjs'
import { DisposedError, InvalidArgumentError, UnsupportedError } from '../../../errors.js'
import { describe, assertKnownKeys } from '../../../options.js'
import type { ArraySpec } from '../../../predictor.js'
import { warnOnce } from '../../../warn-once.js'
import { channelAxisAfter } from '../channel-axes.js'
import { listDifferencesFromKeras, refuseCausalPadding } from './keras-differences.js'
import { listLayers, createModelLayers } from './layer-sites.js'
import { layerLogits, readLogits } from '../logits.js'
import type { TensorModel, Weight } from '../model.js'

export function isLayersModel(model: object): model is LayersModel {
  return 'layers' in model && 'trainableWeights' in model
}

/** The options of `tfjsPredictor` for a LayersModel. */
export interface LayersModelOptions {
  /** The explained output, by name or number. Required if there are several. */
  readonly output?: string | number | undefined
  /**
   * Explains the logits: the input of the softmax or sigmoid at the end of the model. The model is
   * not rebuilt. Default false.
   */
  readonly logits?: boolean | undefined
}

/** Wraps a LayersModel, Sequential or functional, as a TensorModel. */
export function wrapLayersModel(model: LayersModel, options: LayersModelOptions): TensorModel {
  assertKnownKeys('options', options, ['output', 'logits', 'preprocess'])
  buildSequential(model)
  if (!model.built) {
    throw new InvalidArgumentError(
      'model',
      `'${model.name}', which is not built`,
      'a model whose input shape is known: give its first layer an inputShape, or call model.build()',
    )
  }
  const chosen = outputIndex(model, options.output)
  refuseStateful(model)
  refuseCausalPadding(model)
  for (const difference of listDifferencesFromKeras(model)) warnOnce(model, difference)
  const isLogits = readLogits(options.logits)
  const run = isLogits
    ? layerLogits(model, model.outputs[chosen]!)
    : <Result>(call: () => Result): Result => call()
  // A Sequential has no names of its own for its inputs.
  const inputs = model.inputs.map((input, i) => {
    const channels = channelAxisAfter(input.sourceLayer)
    const spec = specOf(input, model.inputNames[i])
    return channels === undefined ? spec : { ...spec, channels }
  })
  return {
    name: model.name,
    inputs,
    output: {
      ...specOf(model.outputs[chosen]!, model.outputNames[chosen]),
      ...(isLogits && { isLogits }),
      ...(model.outputs.length > 1 && { isOneOfSeveral: true }),
    },
    weights: (): Weight[] => {
      const trainable = new Set(model.trainableWeights)
      const names = weightNames(model)
      return model.weights.map((weight, i) => ({
        name: names[i]!,
        tensor: variableOf(weight, model.name),
        trainable: trainable.has(weight),
      }))
    },
    constants: [],
    layers: createModelLayers(model, inputs, model.outputs[chosen]!),
    call: (x, forwardArguments): Tensor => {
      const given = x.length === 1 && x[0] !== undefined ? x[0] : [...x]
      const result = run(() => model.apply(given, { ...forwardArguments, training: false }))
      return (Array.isArray(result) ? result[chosen] : result) as Tensor
    },
  }
}

function outputIndex({ name, outputNames }: LayersModel, chosen: unknown): number {
  const names = outputNames.map((output) => `'${output}'`).join(', ')
  if (chosen === undefined) {
    if (outputNames.length === 1) return 0
    throw new UnsupportedError(
      'several outputs',
      `model '${name}' has ${outputNames.length} outputs (${names}); expected one. Say which: ` +
        `tfjsPredictor(model, { output: '${outputNames[0] ?? '…'}' }).`,
    )
  }
  const index = typeof chosen === 'number' ? chosen : outputNames.indexOf(chosen as string)
  const isOnce = typeof chosen === 'number' || outputNames.lastIndexOf(chosen as string) === index
  if (outputNames[index] !== undefined && isOnce) return index
  throw new InvalidArgumentError(
    'options.output',
    describe(chosen),
    `an output of the model (${names}), or its number from 0`,
  )
}

/** Builds a Sequential that was just loaded. tfjs builds it on its first call. */
function buildSequential(model: LayersModel): void {
  if (!model.built && model.outputs.length > 0) (model as Sequential).build()
}

/**
 * Returns the names under which the weights were saved. TensorFlow.js renumbers weights if the page
 * has another model of the same kind, and stored gradients would no longer match. Weights of nested
 * models with equal names are numbered.
 */
function weightNames({ weights }: LayersModel): string[] {
  const counts = new Map<string, number>()
  return weights.map(({ originalName }) => {
    const count = counts.get(originalName) ?? 0
    counts.set(originalName, count + 1)
    return count === 0 ? originalName : `${originalName}_${count}`
  })
}

function variableOf(weight: LayersModel['weights'][number], modelName: string): Variable {
  try {
    return weight.read() as Variable
  } catch (cause) {
    throw new DisposedError(
      `weight '${weight.name}' of model '${modelName}' was disposed by the page; load the model again.`,
      { cause },
    )
  }
}

function specOf(
  tensor: SymbolicTensor,
  name: string = tensor.name.replace(/(\/.*)?(_\d+)?$/, ''),
): ArraySpec {
  return {
    name,
    shape: tensor.shape.slice(1),
    dtype: tensor.dtype === 'int32' ? 'int32' : 'float32',
  }
}

function refuseStateful(model: LayersModel): void {
  const stateful = listLayers(model).find((layer) => layer.stateful)
  if (stateful === undefined) return
  throw new UnsupportedError(
    stateful.name,
    `layer '${stateful.name}' is stateful: each call would change its state, and with it the model. ` +
      'Build the model with stateful: false and load the same weights.',
  )
}
