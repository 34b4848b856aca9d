import type { LayersModel, Tensor } from '@tensorflow/tfjs'
import { InvalidArgumentError } from '../../errors.js'
import { describe } from '../../options.js'
import type { LayerSite } from '../../predictor.js'
import { closestNames } from './closest-names.js'

export type Layer = LayersModel['layers'][number]

/** Sees the tensors that pass a site, and says which go on in their place. */
export type Visit = (site: number, tensors: Tensor[]) => Tensor[]

/** The layers that a model can be looked into at. */
export interface ModelLayers {
  find(argument: string, reference: unknown, at: LayerSite['at']): LayerSite
  /** Runs the model synchronously, what passes the sites put through `visit`. */
  intercept<Result>(sites: readonly LayerSite[], visit: Visit, run: () => Result): Result
}

/** The layers of a LayersModel, those of the models within it included. */
export function modelLayers(model: LayersModel): ModelLayers {
  const layerOf = new WeakMap<LayerSite, Layer>()
  return {
    find(argument, reference, at) {
      const layer = findLayer(model, argument, reference)
      const site = { layer: layer.name, at }
      layerOf.set(site, calledLayer(layer, at))
      return site
    },
    intercept(sites, visit, run) {
      const release = sites.map((site, k) =>
        interceptLayer(layerOf.get(site)!, site.at, (tensors) => visit(k, tensors)),
      )
      try {
        return run()
      } finally {
        for (const restore of release.toReversed()) restore()
      }
    },
  }
}

export function allLayers(model: LayersModel): Layer[] {
  return model.layers.flatMap((layer) =>
    'layers' in layer ? [layer, ...allLayers(layer as LayersModel)] : [layer],
  )
}

function findLayer(model: LayersModel, argument: string, reference: unknown): Layer {
  const given =
    typeof reference === 'function'
      ? (reference as (model: LayersModel) => unknown)(model)
      : reference
  const layers = allLayers(model)
  const found = layers.filter((layer) => layer === given || layer.name === given)
  const [layer] = found
  if (layer === undefined) {
    const names = layers.map(({ name }) => name)
    const close = typeof given === 'string' ? closestNames(given, names) : names
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
  if (isInput(layer)) {
    throw new InvalidArgumentError(
      argument,
      `'${layer.name}', an input of the model`,
      'a layer that computes; leave the option out to attribute to the inputs',
    )
  }
  return layer
}

/**
 * The layer that is called in a model's place: a Sequential that begins another one is not called itself, only
 * its layers are.
 */
function calledLayer(layer: Layer, at: LayerSite['at']): Layer {
  if (layer.getClassName() !== 'Sequential') return layer
  const { layers } = layer as LayersModel
  const inner = at === 'outputs' ? layers.at(-1)! : layers.find((one) => !isInput(one))!
  return calledLayer(inner, at)
}

const isInput = (layer: Layer): boolean => layer.getClassName() === 'InputLayer'

/** Puts what a layer gives, or takes, through `visit`, until the function that comes back is called. */
function interceptLayer(
  layer: Layer,
  at: LayerSite['at'],
  visit: (tensors: Tensor[]) => Tensor[],
): () => void {
  const own = Object.getOwnPropertyDescriptor(layer, 'call')
  const call = layer.call.bind(layer)
  const through = (tensors: Tensor | Tensor[]): Tensor | Tensor[] =>
    Array.isArray(tensors) ? visit(tensors) : visit([tensors])[0]!
  layer.call = (inputs, kwargs) =>
    at === 'inputs' ? call(through(inputs), kwargs) : through(call(inputs, kwargs))
  return () => {
    if (own === undefined) delete (layer as Partial<Layer>).call
    else Object.defineProperty(layer, 'call', own)
  }
}
