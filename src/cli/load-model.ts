import type { GraphModel, LayersModel, io } from '@tensorflow/tfjs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from './command.js'
import { InputError } from './arrays/array-source.js'

/** The user's copy of TensorFlow.js. */
export type Tfjs = typeof import('@tensorflow/tfjs')

/** A model of the kind that its file names. */
export type LoadedModel =
  | { readonly kind: 'layers'; readonly model: LayersModel }
  | { readonly kind: 'graph'; readonly model: GraphModel }

/**
 * Loads a TensorFlow.js model from disk: from its model.json, or from the folder that contains it and the weights.
 *
 * @throws UsageError if there is no such file; InputError if it isn't a model that TensorFlow.js reads, or if its weights
 *   are missing
 */
export async function loadModel(tf: Tfjs, place: string): Promise<LoadedModel> {
  const file = await findModelFile(place)
  const json = await readJson(file)
  const handler: io.IOHandler = {
    load: () => tf.io.getModelArtifactsForJSON(json, (manifest) => readWeights(tf, file, manifest)),
  }
  const kind = detectKind(file, json)
  try {
    return kind === 'graph'
      ? { kind, model: await tf.loadGraphModel(handler) }
      : { kind, model: await tf.loadLayersModel(handler) }
  } catch (cause) {
    if (cause instanceof InputError) throw cause
    if (isKeras3(json)) {
      throw new InputError(
        `${file}: this model was saved by Keras 3, whose layers TensorFlow.js cannot load; expected Keras 2 or a ` +
          "GraphModel. In Python, call model.export('saved'), then run tensorflowjs_converter " +
          '--input_format=tf_saved_model saved web. Or save the model again with the package tf_keras and ' +
          'TF_USE_LEGACY_KERAS=1, and convert that.',
        { cause },
      )
    }
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new InputError(`${file}: TensorFlow.js cannot load the model: ${reason}`, { cause })
  }
}

/** Keras 3 writes its version, and the shape of an input as `batch_shape` instead of `batch_input_shape`. */
function isKeras3({ modelTopology }: io.ModelJSON): boolean {
  const version = /"keras_version":"(\d+)/.exec(JSON.stringify(modelTopology))?.[1]
  return version === undefined
    ? JSON.stringify(modelTopology).includes('"batch_shape":')
    : Number(version) >= 3
}

async function findModelFile(place: string): Promise<string> {
  try {
    const found = await stat(place)
    return found.isDirectory() ? path.join(place, 'model.json') : place
  } catch {
    throw new UsageError(`--model: ${place} does not exist; expected a model.json.`)
  }
}

const convert =
  'expected the model.json of a LayersModel or a GraphModel. tensorflowjs_converter creates one from a Keras or ' +
  'TensorFlow model.'

async function readJson(file: string): Promise<io.ModelJSON> {
  let text
  try {
    text = await readFile(file, 'utf8')
  } catch {
    throw new UsageError(`--model: ${file} does not exist; ${convert}`)
  }
  try {
    return JSON.parse(text) as io.ModelJSON
  } catch (cause) {
    throw new InputError(`${file}: this isn't valid JSON; ${convert}`, { cause })
  }
}

/** Files of older converters don't name their format, but their topologies differ. */
function detectKind(file: string, { format, modelTopology }: io.ModelJSON): LoadedModel['kind'] {
  if (format === 'graph-model') return 'graph'
  if (format === 'layers-model') return 'layers'
  if (typeof modelTopology === 'object') {
    if ('node' in modelTopology) return 'graph'
    if ('model_config' in modelTopology || 'config' in modelTopology) return 'layers'
  }
  throw new InputError(`${file}: this JSON isn't a model; ${convert}`)
}

async function readWeights(
  tf: Tfjs,
  file: string,
  manifest: io.WeightsManifestConfig,
): Promise<[io.WeightsManifestEntry[], io.WeightData]> {
  const parts: Uint8Array<ArrayBuffer>[] = []
  for (const name of manifest.flatMap(({ paths }) => paths)) {
    const shard = path.join(path.dirname(file), name)
    let bytes
    try {
      bytes = await readFile(shard)
    } catch (cause) {
      throw new InputError(
        `${shard}: this file of weights does not exist; expected it in the folder of ${path.basename(file)}, which names it.`,
        { cause },
      )
    }
    parts.push(bytes)
  }
  const specs = tf.io.getWeightSpecs(manifest)
  // Of several buffers, TensorFlow.js 4.22 reads zeros at the end of a last one that is the largest.
  return [specs, await new Blob(parts).arrayBuffer()]
}
