import type { GraphModel, LayersModel, io } from '@tensorflow/tfjs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from './command.js'
import { InputError } from './arrays/array-source.js'

/** TensorFlow.js, the user's own copy. */
export type Tfjs = typeof import('@tensorflow/tfjs')

/** A model, of the kind that its file says. */
export type LoadedModel =
  | { readonly kind: 'layers'; readonly model: LayersModel }
  | { readonly kind: 'graph'; readonly model: GraphModel }

/**
 * Loads a model of TensorFlow.js from disk: its model.json, or the folder of it, with the weights beside.
 *
 * @throws UsageError if there is no such file; InputError if it is no model, or its weights are missing
 */
export async function loadModel(tf: Tfjs, place: string): Promise<LoadedModel> {
  const file = await modelFile(place)
  const json = await readJson(file)
  const handler: io.IOHandler = {
    load: () => tf.io.getModelArtifactsForJSON(json, (manifest) => readWeights(tf, file, manifest)),
  }
  const kind = kindOf(file, json)
  try {
    return kind === 'graph'
      ? { kind, model: await tf.loadGraphModel(handler) }
      : { kind, model: await tf.loadLayersModel(handler) }
  } catch (cause) {
    if (cause instanceof InputError) throw cause
    const kerasVersion = kerasVersionOf(json)
    if (kerasVersion?.startsWith('3') === true) {
      throw new InputError(
        `${file}: TensorFlow.js cannot read a LayersModel of Keras ${kerasVersion}. Save the model with ` +
          'model.export(), convert the SavedModel with tensorflowjs_converter, and pass the GraphModel; or save it with ' +
          'Keras 2 (tf_keras).',
        { cause },
      )
    }
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new InputError(`${file}: TensorFlow.js cannot load the model: ${reason}`, { cause })
  }
}

function kerasVersionOf({ modelTopology }: io.ModelJSON): string | undefined {
  const version = (modelTopology as { readonly keras_version?: unknown } | undefined)?.keras_version
  return typeof version === 'string' ? version : undefined
}

async function modelFile(place: string): Promise<string> {
  try {
    const found = await stat(place)
    return found.isDirectory() ? path.join(place, 'model.json') : place
  } catch {
    throw new UsageError(`--model: ${place} is not there; expected a model.json.`)
  }
}

const convert =
  'expected the model.json of a LayersModel or a GraphModel. Keras and TensorFlow models become one by tensorflowjs_converter.'

async function readJson(file: string): Promise<io.ModelJSON> {
  let text
  try {
    text = await readFile(file, 'utf8')
  } catch {
    throw new UsageError(`--model: ${file} is not there; ${convert}`)
  }
  try {
    return JSON.parse(text) as io.ModelJSON
  } catch (cause) {
    throw new InputError(`${file}: this is no JSON; ${convert}`, { cause })
  }
}

/** Older files do not say their format; their topologies differ all the same. */
function kindOf(file: string, { format, modelTopology }: io.ModelJSON): LoadedModel['kind'] {
  if (format === 'graph-model') return 'graph'
  if (format === 'layers-model') return 'layers'
  if (typeof modelTopology === 'object') {
    if ('node' in modelTopology) return 'graph'
    if ('model_config' in modelTopology || 'config' in modelTopology) return 'layers'
  }
  throw new InputError(`${file}: this JSON is no model; ${convert}`)
}

async function readWeights(
  tf: Tfjs,
  file: string,
  manifest: io.WeightsManifestConfig,
): Promise<[io.WeightsManifestEntry[], io.WeightData]> {
  const parts: ArrayBuffer[] = []
  for (const name of manifest.flatMap(({ paths }) => paths)) {
    const shard = path.join(path.dirname(file), name)
    let bytes
    try {
      bytes = await readFile(shard)
    } catch (cause) {
      throw new InputError(
        `${shard}: the weights are not there, which ${path.basename(file)} names; expected them beside it.`,
        { cause },
      )
    }
    parts.push(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  }
  const specs = tf.io.getWeightSpecs(manifest)
  return [specs, parts]
}
