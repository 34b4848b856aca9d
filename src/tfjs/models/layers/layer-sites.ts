import type { LayersModel, SymbolicTensor, Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError, UnsupportedError } from '../../../errors.js'
import { describe } from '../../../options.js'
import type { ArraySpec, LayerSite } from '../../../predictor.js'
import { findClosestNames } from '../../../adapters/closest-names.js'
import {
  findCalls,
  type CallVisitor,
  isInputLayer,
  type Layer,
  type LayerCall,
  nameCalls,
  visitCalls,
} from './layer-calls.js'
import { createChannelFinder } from './layer-channels.js'
import { listConvolutionOutputs } from './layer-convolutions.js'

/**
 * Sees the tensors of one call at a site, and returns their replacements.
 *
 * @param first the position of the first tensor among all tensors of the site
 */
export type Visit = (site: number, tensors: Tensor[], first: number) => Tensor[]

/** The layers of a model at which attributions can be taken. */
export interface ModelLayers {
  find(argument: string, reference: unknown, at: LayerSite['at']): LayerSite
  /** Returns the outputs of convolutions; see Predictor. */
  listConvolutions(): LayerSite[]
  /** Runs the model synchronously; `visit` sees the tensors at the sites. */
  intercept<Result>(sites: readonly LayerSite[], visit: Visit, run: () => Result): Result
}

/**
 * Returns the layers of a LayersModel and of the models in it. The tensors at a layer are in the
 * order in which the layer was called when the model was built.
 *
 * @param inputs the names of the model's inputs
 * @param output the explained output
 */
export function createModelLayers(
  model: LayersModel,
  inputs: readonly ArraySpec[],
  output: SymbolicTensor,
): ModelLayers {
  const callsAt = new WeakMap<LayerSite, LayerCall[]>()
  return {
    listConvolutions() {
      const layers = new Set(listConvolutionOutputs([output]))
      return [...layers].map((layer) => this.find('layer', layer, 'outputs'))
    },
    find(argument, reference, at) {
      const found = findLayer(model, argument, reference)
      const layer = findCalledLayer(found, at)
      const calls = findCalls(layer, [output])
      if (calls.length === 0) throw createNotCalledError(found)
      const around = { inputs: model.inputs, outputs: [output] }
      const names = nameCalls(layer, at, calls, around, inputs)
      const findChannels = createChannelFinder(output)
      const isOwnName = names.length === 1 && names[0] === layer.name
      const site: LayerSite = {
        layer: found.name,
        at,
        tensors: isOwnName ? [found.name] : names,
        channels: calls.flatMap((call) => {
          const { inputTensors, outputTensors } = call.at(-1)!
          return (at === 'inputs' ? inputTensors : outputTensors).map(findChannels)
        }),
      }
      callsAt.set(site, calls)
      return site
    },
    intercept(sites, visit, run) {
      const visitors = sites.flatMap((site, k) =>
        createVisitors(callsAt.get(site)!, site.at, visit, k),
      )
      return visitCalls(model.outputs, visitors, run)
    },
  }
}

function createVisitors(
  calls: readonly LayerCall[],
  at: LayerSite['at'],
  visit: Visit,
  site: number,
): CallVisitor[] {
  let next = 0
  return calls.map((call) => {
    const { inputTensors, outputTensors } = call.at(-1)!
    const first = next
    next += at === 'inputs' ? inputTensors.length : outputTensors.length
    return { call, [at]: (tensors: Tensor[]) => visit(site, tensors, first) }
  })
}

const createNotCalledError = ({ name }: Layer): UnsupportedError =>
  new UnsupportedError(
    name,
    `layer '${name}': the model does not call it on the way to its output. Name one of the layers within it, or a ` +
      'layer that comes after it.',
  )

export function listLayers(model: LayersModel): Layer[] {
  return model.layers.flatMap((layer) =>
    'layers' in layer ? [layer, ...listLayers(layer as LayersModel)] : [layer],
  )
}

function findLayer(model: LayersModel, argument: string, reference: unknown): Layer {
  const given =
    typeof reference === 'function'
      ? (reference as (model: LayersModel) => unknown)(model)
      : reference
  const layers = listLayers(model)
  const found = layers.filter((layer) => layer === given || layer.name === given)
  const [layer] = found
  if (layer === undefined) {
    const names = layers.map(({ name }) => name)
    const close = typeof given === 'string' ? findClosestNames(given, names) : names
    throw new InvalidArgumentError(
      argument,
      typeof given === 'string' ? `'${given}'` : describe(given),
      `a layer of model '${model.name}', or its name: ${close.map((name) => `'${name}'`).join(', ')}`,
    )
  }
  if (found.length > 1) {
    throw new InvalidArgumentError(
      argument,
      `'${layer.name}', the name of ${found.length} layers`,
      'the layer itself',
    )
  }
  if (isInputLayer(layer)) {
    throw new InvalidArgumentError(
      argument,
      `'${layer.name}', an input of the model`,
      'a layer that computes; leave the option out to attribute to the inputs',
    )
  }
  return layer
}

/**
 * Returns the layer whose calls represent those of a model. TensorFlow.js doesn't call a Sequential
 * that is the first layer of another one. It calls only its layers.
 */
function findCalledLayer(layer: Layer, at: LayerSite['at']): Layer {
  if (layer.getClassName() !== 'Sequential') return layer
  const { layers } = layer as LayersModel
  const inner = at === 'outputs' ? layers.at(-1)! : layers.find((one) => !isInputLayer(one))!
  return findCalledLayer(inner, at)
}
