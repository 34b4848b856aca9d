import type { KernelBackend } from '@tensorflow/tfjs'
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js'
import createModule, { type WasmModule } from 'tfjs-backend-wasm:module'
import { explainFailedImport } from '../failed-import.js'
import { lacksKernels } from './register-backend.js'
import { compileWasm } from './wasm-binary.js'

/**
 * Starts TensorFlow.js's WebAssembly backend with the binary that is part of this package.
 *
 * @throws Error if the browser can't compile the binary, with the reason
 */
export async function openWasm(): Promise<KernelBackend> {
  if (lacksKernels('wasm')) await import('./wasm-kernels.js').catch(explainFailedImport)
  const module = await startModule(await compileWasm())
  module.tfjs = {
    init: module.cwrap('init', null, []),
    initWithThreadsCount: module.cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: module.cwrap('get_threads_count', 'number', []),
    registerTensor: module.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: module.cwrap('dispose_data', null, ['number']),
    dispose: module.cwrap('dispose', null, []),
  }
  return new BackendWasm(module)
}

function startModule(compiled: WebAssembly.Module): Promise<WasmModule> {
  return new Promise((resolve, reject) => {
    createModule({
      instantiateWasm: (imports, receive) => {
        WebAssembly.instantiate(compiled, imports).then((instance) => {
          receive(instance, compiled)
        }, reject)
        return {}
      },
      onAbort: (reason) => {
        reject(new Error(`the WebAssembly module stopped: ${reason}`))
      },
    }).then(resolve, reject)
  })
}
