import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { DeviceError } from '../errors.js'
import type { Predictor } from '../predictor.js'
import type { Conversion } from '../onnx/to-tfjs/convert-model.js'
import { tfjsPredictor } from '../tfjs/index.js'
import { convertOnnx } from './convert-onnx.js'
import type { LiveFiles, ModelDescription } from './live-files.js'

/**
 * Loads the model of a live report. It runs on wasm; where the page forbids WebAssembly, on cpu.
 *
 * @throws Error if TensorFlow.js can't load the model
 */
export async function openModel({
  model,
  weights,
  wasm,
  output,
}: LiveFiles): Promise<Predictor<tf.Tensor>> {
  tf.enableProdMode()
  const refusal = findRefusal()
  if (refusal === null) serveWasm(wasm)
  await tf.setBackend(refusal === null ? 'wasm' : 'cpu')
  const predictor = await load(model, weights, output)
  return {
    ...predictor,
    parameters: predictor.parameters,
    devices: ['wasm', 'cpu'],
    open(device, options) {
      if (device === 'wasm' && refusal !== null) throw refusal
      return predictor.open(device, options)
    },
  }
}

async function load(
  model: LiveFiles['model'],
  bytes: Uint8Array<ArrayBuffer>,
  output: string | undefined,
): Promise<Predictor<tf.Tensor>> {
  if (model.format === 'onnx') return loadOnnx(convertOnnx(model, bytes, output))
  const handler = handlerOf(model, bytes)
  const options = output === undefined ? {} : { output }
  return model.format === 'graph-model'
    ? tfjsPredictor(await tf.loadGraphModel(handler), options)
    : tfjsPredictor(await tf.loadLayersModel(handler), options)
}

/** A predictor whose layers have the names of the ONNX model. */
async function loadOnnx({
  description,
  weights,
  findLayer,
}: Conversion): Promise<Predictor<tf.Tensor>> {
  const predictor = tfjsPredictor(await tf.loadGraphModel(handlerOf(description, weights)))
  return {
    ...predictor,
    parameters: predictor.parameters,
    findLayer: (argument, layer, at) =>
      predictor.findLayer!(argument, findLayer(argument, layer), at),
  }
}

const handlerOf = (
  model: ModelDescription,
  weights: Uint8Array<ArrayBuffer>,
): { load: () => Promise<tf.io.ModelArtifacts> } => ({
  load: () =>
    Promise.resolve({
      ...(model as unknown as tf.io.ModelArtifacts),
      weightData: weights.slice().buffer,
    }),
})

/** The smallest module: its magic number and its version. */
const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)

/** Why WebAssembly can't be used; null if it can. TensorFlow.js would wait for it forever. */
function findRefusal(): DeviceError | null {
  try {
    new WebAssembly.Module(emptyModule)
    return null
  } catch (cause) {
    const message =
      "wasm: this page's content security policy forbids WebAssembly; 'wasm-unsafe-eval' in script-src allows it."
    return new DeviceError('wasm', message, { cause })
  }
}

/** Has TensorFlow.js take its module from memory: a sandboxed page may fetch nothing. */
function serveWasm(wasm: ArrayBuffer): void {
  const { platform } = tf.env()
  platform.fetch = () => Promise.resolve(new Response(wasm))
  setWasmPaths('', true)
  // The module with threads isn't in the file.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
}
