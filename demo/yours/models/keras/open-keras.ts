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
  const artifacts = await joinArtifacts(topology, weights)
  return describeLayersModel(await load(name, artifacts), {
    side: await readSideFiles(files.filter((own) => own !== file)),
    byteLength: file.blob.size,
    files: writeTensorflow(artifacts),
    format: `Keras ${version}`,
    text,
  })
}

type Artifacts = Required<
  Pick<tf.io.ModelArtifacts, 'modelTopology' | 'weightSpecs'> & { weightData: ArrayBuffer }
>

async function joinArtifacts(
  topology: object,
  weights: readonly KerasWeight[],
): Promise<Artifacts> {
  return {
    modelTopology: { keras_version: '2.15.0', backend: 'tensorflow', model_config: topology },
    weightSpecs: weights.map(({ name, shape }) => ({ name, shape: [...shape], dtype: 'float32' })),
    weightData: await new Blob(weights.map(({ values }) => values as BlobPart)).arrayBuffer(),
  }
}

/** The model as a TensorFlow.js model, for code that has no reader of .keras files. */
function writeTensorflow({ modelTopology, weightSpecs, weightData }: Artifacts): NamedFile[] {
  const json = {
    format: 'layers-model',
    modelTopology,
    weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
  }
  return [
    { path: 'model.json', blob: new Blob([JSON.stringify(json)]) },
    { path: 'weights.bin', blob: new Blob([weightData]) },
  ]
}

async function load(name: string, artifacts: Artifacts): Promise<tf.LayersModel> {
  try {
    return await tf.loadLayersModel(tf.io.fromMemory(artifacts))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new FileError(`TensorFlow.js can't read the model in ${name}: ${message}`, { cause })
  }
}
