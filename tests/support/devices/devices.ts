import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import '@tensorflow/tfjs-backend-webgpu'

export type TestDevice = 'cpu' | 'wasm' | 'webgpu'

// In a page and in its workers.
const inBrowser = 'location' in globalThis

// In Node, the backend finds its binaries next to its module. A page has to set their paths.
if (inBrowser) setWasmPaths('/node_modules/@tensorflow/tfjs-backend-wasm/dist/')

/** The devices of the tests in this environment. A test on a missing device fails; it isn't skipped. */
export const devices: readonly TestDevice[] = inBrowser ? ['wasm', 'webgpu'] : ['cpu', 'wasm']

/** Makes the device TensorFlow.js's current backend. */
export async function useDevice(device: TestDevice): Promise<void> {
  if (!(await tf.setBackend(device))) throw new Error(`TensorFlow.js cannot use ${device} here.`)
  await tf.ready()
}

/** Each device in one environment: cpu and wasm compute the same in Node and in a page. */
export const testedOnce: readonly TestDevice[] = inBrowser ? ['webgpu'] : ['cpu', 'wasm']
