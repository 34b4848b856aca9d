/**
 * Registers TensorFlow.js's WebAssembly backend, so that explainers can run on `wasm`. The backend
 * and its binary are loaded when an explainer first uses them. The page's own backend stays the
 * default.
 *
 * @example
 * import 'gradlens/wasm'
 */
import { explainFailedImport } from '../failed-import.js'
import { registerBackend } from './register-backend.js'

registerBackend('wasm', async () => {
  const { openWasm } = await import('./open-wasm.js').catch(explainFailedImport)
  return openWasm()
})
