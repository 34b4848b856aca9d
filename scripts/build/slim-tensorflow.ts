import type { Plugin } from 'vite'

const tensorflow = '@tensorflow/tfjs'
const slim = '\0slim-tensorflow'

/** What the package exports, without the WebGL backend and `tf.data`, which the demo doesn't use. */
const source = `
import '@tensorflow/tfjs-core/dist/register_all_gradients'
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops'
import { version_core } from '@tensorflow/tfjs-core'
import { version_layers } from '@tensorflow/tfjs-layers'
export * from '@tensorflow/tfjs-core'
export * from '@tensorflow/tfjs-layers'
export * from '@tensorflow/tfjs-converter'
export * from '@tensorflow/tfjs-backend-cpu'
export const version = { tfjs: version_core, 'tfjs-core': version_core, 'tfjs-layers': version_layers }
`

/** Builds the demo with the packages of TensorFlow.js that it uses: two thirds of the bytes. */
export function slimTensorflow(): Plugin {
  return {
    name: 'slim-tensorflow',
    enforce: 'pre',
    apply: 'build',
    resolveId: (id) => (id === tensorflow ? slim : undefined),
    load: (id) => (id === slim ? source : undefined),
  }
}
