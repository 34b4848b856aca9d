import * as tf from '@tensorflow/tfjs'
import { baseName, FileError, folderOf, readJson, type NamedFile } from '../files/named-file.js'
import { describeGraphModel } from './describe-graph-model.js'
import { describeLayersModel } from './describe-layers-model.js'
import type { OpenedModel } from './opened-model.js'
import { readSideFiles } from './side-files.js'
import { startTensorflow } from './start-tensorflow.js'
import { readWeights, type WeightsManifest } from './tensorflow-weights.js'

interface ModelJson {
  readonly format?: string
  readonly modelTopology?: object & { readonly keras_version?: string }
  readonly weightsManifest?: WeightsManifest
  readonly signature?: object
  readonly userDefinedMetadata?: Record<string, object>
}

/** Opens a TensorFlow.js LayersModel or GraphModel: model.json with its weights. */
export async function openTensorflow(
  modelFile: NamedFile,
  files: readonly NamedFile[],
): Promise<OpenedModel> {
  const name = baseName(modelFile.path)
  const json = (await readJson(modelFile)) as ModelJson
  const { modelTopology, weightsManifest, signature } = json
  if (modelTopology === undefined || weightsManifest === undefined) {
    throw new FileError(
      `${name} has no ${modelTopology === undefined ? 'modelTopology' : 'weightsManifest'}, so it is not a TensorFlow.js model.`,
    )
  }
  if (modelTopology.keras_version?.startsWith('3') === true) {
    throw new FileError(
      `${name} was converted from Keras ${modelTopology.keras_version}, which TensorFlow.js can't read. Drop the .keras file itself: model.save('model.keras').`,
    )
  }
  const weights = await readWeights(name, weightsManifest, files, folderOf(modelFile.path))
  const artifacts = {
    modelTopology,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: weights.data,
    ...(signature !== undefined && { signature }),
    ...(json.userDefinedMetadata && { userDefinedMetadata: json.userDefinedMetadata }),
  }
  await startTensorflow()
  const own = {
    side: await readSideFiles(files),
    byteLength: modelFile.blob.size + weights.data.byteLength,
    files: [modelFile, ...weights.files],
  }
  const isGraph = json.format === 'graph-model' || 'node' in modelTopology
  return isGraph
    ? describeGraphModel(await tf.loadGraphModel(tf.io.fromMemory(artifacts)), own)
    : describeLayersModel(await loadLayers(name, artifacts), {
        ...own,
        format: 'TensorFlow.js layers model',
      })
}

async function loadLayers(name: string, artifacts: tf.io.ModelArtifacts): Promise<tf.LayersModel> {
  try {
    return await tf.loadLayersModel(tf.io.fromMemory(artifacts))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const unknown = /Unknown (?:layer|activation|initializer)[^:]*: (\w+)/.exec(message)?.[1]
    throw new FileError(
      unknown === undefined
        ? `TensorFlow.js can't read ${name}: ${message}`
        : `${name} has a ${unknown}, which TensorFlow.js doesn't know. Export the model to ONNX and drop that file.`,
      { cause },
    )
  }
}
