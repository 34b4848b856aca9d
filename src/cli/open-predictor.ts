import type { DeviceChoice, Predictor } from 'gradlens'
import { UsageError } from './command.js'
import { chooseDevice, importTfjs } from './device.js'
import { loadModel } from './load-model.js'
import { openOnnxPredictor } from './open-onnx.js'
import type { OpenedPredictor } from './opened-predictor.js'

/**
 * Loads a model: an .onnx file, or the model.json of a TensorFlow.js model.
 *
 * @param output the output to use, if the model has several
 * @throws UsageError if there is no such file, or its runtime doesn't have the device; InputError if it isn't a model, or
 *   a package that it needs isn't installed
 */
export async function openPredictor(
  place: string,
  output: string | undefined,
  choice: DeviceChoice,
): Promise<OpenedPredictor> {
  const options = output === undefined ? {} : { output }
  if (place.toLowerCase().endsWith('.onnx')) return openOnnxPredictor(place, options, choice)
  if (choice === 'native') {
    throw new UsageError(
      `--device native: got a TensorFlow.js model, which runs on webgpu, wasm or cpu; native is for .onnx files.`,
    )
  }
  const tf = await importTfjs()
  const { device, note } = await chooseDevice(choice)
  // Otherwise TensorFlow.js advises to install another package.
  tf.enableProdMode()
  // Weights are loaded to the backend that uses them.
  await tf.setBackend(device)
  const loaded = await loadModel(tf, place)
  const { tfjsPredictor } = await import('gradlens/tfjs')
  const predictor =
    loaded.kind === 'graph'
      ? tfjsPredictor(loaded.model, options)
      : tfjsPredictor(loaded.model, options)
  return { predictor: predictor as unknown as Predictor, device, note }
}
