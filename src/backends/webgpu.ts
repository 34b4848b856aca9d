/**
 * Registers TensorFlow.js's WebGPU backend where the browser has WebGPU, so that explainers can run
 * on `webgpu`. The backend is loaded when an explainer first uses it. The page's own backend stays
 * the default.
 *
 * @example
 * import 'gradlens/webgpu'
 */
import { explainFailedImport } from '../failed-import.js'
import { registerBackend } from './register-backend.js'

if ('gpu' in ((globalThis.navigator as Navigator | undefined) ?? {})) {
  registerBackend('webgpu', async () => {
    const { openWebgpu } = await import('./open-webgpu.js').catch(explainFailedImport)
    return openWebgpu()
  })
}
