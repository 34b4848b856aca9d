import type { LayersModel, layers as tfLayers } from '@tensorflow/tfjs'
import type { Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import type { NamedFile } from '../files/named-file.js'
import type { EndActivation, LayerFacts, ModelFacts, TextFacts } from './model-facts.js'
import { formatShape, sizeOf, type OpenedModel } from './opened-model.js'
import type { SideFacts } from './side-files.js'

type Layer = ReturnType<typeof tfLayers.dense>

export interface LoadedFiles {
  readonly side: SideFacts
  readonly byteLength: number
  readonly files: readonly NamedFile[]
}

/** Reads what a LayersModel says about itself. */
export function describeLayersModel(
  model: LayersModel,
  {
    side,
    byteLength,
    files,
    format,
    text,
  }: LoadedFiles & { readonly format: string; readonly text?: TextFacts | undefined },
): OpenedModel {
  const createPredictor = (output: string): Predictor =>
    tfjsPredictor(model, { output }) as unknown as Predictor
  // A Sequential has names and shapes once it is built, as the predictor does.
  const { name, inputs, parameters } = tfjsPredictor(model, { output: 0 })
  const outputs = model.outputs.map((tensor, index) => ({
    name: model.outputNames[index] ?? tensor.name,
    shape: tensor.shape.slice(1),
    activation: findActivation(tensor.sourceLayer as Layer),
  }))
  const all = listLayers(model.layers as Layer[])
  const facts: ModelFacts = {
    format: side.isTeachable ? 'Teachable Machine' : format,
    name,
    byteLength,
    inputs,
    outputs,
    layers: all.map(describeLayer),
    parameters: parameters.map((parameter) => ({
      name: parameter.name,
      count: sizeOf(parameter.shape),
    })),
    embedding: model.layers.find((layer) => layer.getClassName() === 'Embedding')?.name,
    classNames: side.classNames,
    pixels: side.isTeachable
      ? { scaling: 'teachable', fit: 'square', source: 'metadata.json of Teachable Machine' }
      : findRescaling(all),
    text,
  }
  return {
    facts,
    createPredictor,
    files,
    dispose: () => {
      model.dispose()
    },
  }
}

/** The layers, with those of models within the model. */
function listLayers(layers: readonly Layer[]): Layer[] {
  return layers.flatMap((layer) => {
    const inner = innerLayers(layer)
    return inner === undefined ? [layer] : listLayers(inner)
  })
}

const innerLayers = (layer: Layer): readonly Layer[] | undefined =>
  'layers' in layer ? (layer.layers as readonly Layer[]) : undefined

function describeLayer(layer: Layer): LayerFacts {
  // A layer that is called several times has no single shape.
  const shape = layer.inboundNodes.length === 1 ? layer.outputShape : undefined
  const own = Array.isArray(shape) && !Array.isArray(shape[0]) ? (shape as (number | null)[]) : []
  return {
    name: layer.name,
    kind: layer.getClassName(),
    shape: own.length === 0 ? '' : formatShape(own.slice(1)),
  }
}

/** What the last layer does to the outputs. */
function findActivation(layer: Layer): EndActivation {
  const inner = innerLayers(layer)?.at(-1)
  if (inner !== undefined) return findActivation(inner)
  if (layer.getClassName() === 'Softmax') return 'softmax'
  const { activation } = layer.getConfig()
  return activation === 'softmax' || activation === 'sigmoid' ? activation : 'none'
}

/** The range of pixels that a Rescaling layer at the start takes. */
function findRescaling(layers: readonly Layer[]): ModelFacts['pixels'] {
  const first = layers.find((layer) => layer.getClassName() !== 'InputLayer')
  if (first?.getClassName() !== 'Rescaling') return undefined
  const { scale } = first.getConfig() as { scale?: unknown }
  const divisor = typeof scale === 'number' ? 1 / scale : NaN
  if (Math.abs(divisor - 255) > 1e-3 && Math.abs(divisor - 127.5) > 1e-3) return undefined
  return {
    scaling: 'bytes',
    fit: 'stretch',
    source: `its layer '${first.name}', which scales them`,
  }
}
