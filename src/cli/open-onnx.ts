import { type DeviceChoice, isGradlensError, type Predictor } from 'gradlens'
import type { OnnxPredictorOptions } from 'gradlens/onnx'
import path from 'node:path'
import { InputError } from './arrays/array-source.js'
import { UsageError } from './command.js'
import { createMissingPackageError } from './device.js'
import { createExternalData, readOnnxFile } from './onnx-files.js'
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
  const bytes = await readOnnxFile(place)
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

async function importRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node')
  } catch (cause) {
    throw createMissingPackageError('onnxruntime-node', cause)
  }
}
