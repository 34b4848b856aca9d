import { type DeviceChoice, isGradlensError, type Predictor } from 'gradlens'
import type { ExternalData, OnnxPredictorOptions } from 'gradlens/onnx'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from './arrays/array-source.js'
import { UsageError } from './command.js'
import { createMissingPackageError } from './device.js'
import type { OpenedPredictor } from './opened-predictor.js'

/** Loads an .onnx file with onnxruntime-node. Files of weights are read from its folder. */
export async function openOnnxPredictor(
  place: string,
  options: OnnxPredictorOptions,
  choice: DeviceChoice,
): Promise<OpenedPredictor> {
  if (choice !== 'auto' && choice !== 'native') {
    throw new UsageError(
      `--device ${choice}: got an .onnx file, which onnxruntime-node runs on the device native; expected native or auto.`,
    )
  }
  let bytes
  try {
    bytes = await readFile(place)
  } catch {
    throw new UsageError(`--model: ${place} does not exist; expected an .onnx file.`)
  }
  const [ort, { onnxPredictor }] = [await importRuntime(), await import('gradlens/onnx')]
  try {
    const predictor = await onnxPredictor(ort, bytes, {
      ...options,
      name: path.basename(place),
      externalData: createExternalData(place),
    })
    return { predictor: predictor as unknown as Predictor, device: 'native', note: 'on native' }
  } catch (cause) {
    if (!isGradlensError(cause)) throw cause
    throw new InputError(`${place}: ${cause.message}`, { cause })
  }
}

/** Reads each file when the model asks for it. Only a model knows the names of its files. */
const createExternalData = (place: string): ExternalData =>
  new Proxy<Record<string, Uint8Array>>(
    {},
    {
      get: (_, name) => {
        const folder = path.resolve(path.dirname(place))
        const file = path.resolve(folder, String(name))
        if (!file.startsWith(folder + path.sep)) {
          throw new InputError(
            `${place}: its weights are in '${String(name)}', outside of its folder; expected them inside.`,
          )
        }
        try {
          return readFileSync(file)
        } catch (cause) {
          throw new InputError(
            `${file}: this file of weights does not exist; expected it in the folder of ${path.basename(place)}, which ` +
              'names it.',
            { cause },
          )
        }
      },
    },
  )

async function importRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node')
  } catch (cause) {
    throw createMissingPackageError('onnxruntime-node', cause)
  }
}
