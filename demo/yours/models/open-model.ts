import { baseName, endingOf, FileError, listPaths, type NamedFile } from '../files/named-file.js'
import { refuseFormats } from '../files/refuse-format.js'
import { expandZips } from '../files/unzip.js'
import { joinInputs } from './join-inputs.js'
import type { OpenedModel } from './opened-model.js'

/**
 * Opens the model in the dropped files: a TensorFlow.js model, a .keras file or an .onnx
 * file, also in a zip.
 *
 * @throws FileError if there is none or it is incomplete
 */
export async function openModel(dropped: readonly NamedFile[]): Promise<OpenedModel> {
  return joinInputs(await openFormat(dropped))
}

async function openFormat(dropped: readonly NamedFile[]): Promise<OpenedModel> {
  const files = await expandZips(dropped)
  const keras = files.find(({ path }) => endingOf(path) === 'keras')
  if (keras !== undefined) {
    const { openKeras } = await import('./keras/open-keras.js')
    return openKeras(keras, files)
  }
  const onnx = files.filter(({ path }) => endingOf(path) === 'onnx')
  if (onnx.length > 1) {
    throw new FileError(
      `There are ${onnx.length} ONNX models: ${listPaths(onnx.map(({ path }) => path))}. Drop one of them.`,
    )
  }
  if (onnx[0] !== undefined) {
    const { openOnnx } = await import('./onnx/open-onnx.js')
    return openOnnx(onnx[0], files)
  }
  const json = files.filter(({ path }) => endingOf(path) === 'json')
  const model = await findModelJson(json)
  if (model !== undefined) {
    const { openTensorflow } = await import('./open-tensorflow.js')
    return openTensorflow(model, files)
  }
  refuseFormats(files)
  throw new FileError(
    `No model was found in ${listPaths(files.map(({ path }) => path)) || 'this folder'}. ` +
      'Drop a TensorFlow.js model (model.json with its weights), a .keras file or an .onnx file.',
  )
}

/** The model.json of a TensorFlow.js model, which may have another name. */
async function findModelJson(json: readonly NamedFile[]): Promise<NamedFile | undefined> {
  const named = json.find(({ path }) => baseName(path) === 'model.json')
  if (named !== undefined) return named
  for (const file of json) {
    if ((await file.blob.slice(0, 65_536).text()).includes('"modelTopology"')) return file
  }
  return undefined
}
