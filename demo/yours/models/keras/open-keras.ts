import * as tf from '@tensorflow/tfjs'
import { baseName, FileError, readJson, type NamedFile } from '../../files/named-file.js'
import { readZip } from '../../files/unzip.js'
import { describeLayersModel } from '../describe-layers-model.js'
import type { OpenedModel } from '../opened-model.js'
import { readSideFiles } from '../side-files.js'
import { startTensorflow } from '../start-tensorflow.js'
import { convertModel, type Serialized } from './convert-model.js'
import { readWeights, type KerasWeight } from './read-weights.js'
import { splitTextVectorization } from './text-vectorization.js'

/** Opens a .keras file of Keras 3 as a TensorFlow.js LayersModel. */
export async function openKeras(
  file: NamedFile,
  files: readonly NamedFile[],
): Promise<OpenedModel> {
  const name = baseName(file.path)
  const inner = await readZip(file)
  const find = (path: string): NamedFile => {
    const found = inner.find((own) => own.path === path)
    if (found !== undefined) return found
    throw new FileError(`${name} has no ${path}, so it is not a model that Keras saved.`)
  }
  const { keras_version: version } = (await readJson(find('metadata.json'))) as {
    readonly keras_version?: string
  }
  if (version?.startsWith('3') !== true) {
    throw new FileError(
      `${name} was saved by Keras ${version ?? 'of an unknown version'}. Load it with Keras 3 and save it again: keras.saving.load_model('${name}').save('${name}').`,
    )
  }
  const { model, text } = await splitTextVectorization(
    (await readJson(find('config.json'))) as Serialized,
    inner,
  )
  const topology = convertModel(model)
  const weights = readWeights(await find('model.weights.h5').blob.arrayBuffer(), model)
  await startTensorflow()
  const loaded = await load(name, topology, weights)
  return describeLayersModel(loaded, {
    side: await readSideFiles(files.filter((own) => own !== file)),
    byteLength: file.blob.size,
    files: [file],
    format: `Keras ${version}`,
    text,
  })
}

async function load(
  name: string,
  topology: object,
  weights: readonly KerasWeight[],
): Promise<tf.LayersModel> {
  const artifacts = {
    modelTopology: { keras_version: '2.15.0', backend: 'tensorflow', model_config: topology },
    weightSpecs: weights.map((weight) => ({
      name: weight.name,
      shape: [...weight.shape],
      dtype: 'float32' as const,
    })),
    weightData: await new Blob(weights.map(({ values }) => values as BlobPart)).arrayBuffer(),
  }
  try {
    return await tf.loadLayersModel(tf.io.fromMemory(artifacts))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new FileError(`TensorFlow.js can't read the model in ${name}: ${message}`, { cause })
  }
}
