import { onnxPredictor } from 'gradlens/onnx'
import { exposeExplainers } from 'gradlens/worker'
import { download } from '../photos/download.js'
import { readWorkerName } from './worker-name.js'

/** The layers whose gradients are compared: the last convolution and the classifier. */
const isInLastLayers = (name: string): boolean => /^_(?:conv_head|bn1|fc)\./.test(name)

/** Downloads the model and the ONNX Runtime for the device, and exposes the model's explainers. */
export function serve(): void {
  const { folder, device, channel: name } = readWorkerName(self.name)
  exposeExplainers(self, async () => {
    const channel = new BroadcastChannel(name)
    let bytes = 0
    const count = (more: number): void => {
      bytes += more
      channel.postMessage(bytes)
    }
    try {
      // Only one of the two is downloaded: that with WebGPU has twice the size.
      const { ort, binaryUrl } = await (device === 'webgpu'
        ? import('../photos/webgpu-runtime.js')
        : import('../photos/wasm-runtime.js'))
      const [runtime, model] = await Promise.all([
        download(new URL(binaryUrl, self.location.href), count),
        download(new URL('efficientnet-lite0.onnx', folder), count),
      ])
      ort.env.wasm.wasmBinary = runtime
      // More threads need a page that is isolated from others, which static hosts don't offer.
      ort.env.wasm.numThreads = 1
      const predictor = await onnxPredictor(ort, model, { name: 'EfficientNet-Lite0' })
      return { predictor, values: { lastLayers: isInLastLayers } }
    } finally {
      channel.close()
    }
  })
}
