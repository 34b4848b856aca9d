import type { Plugin } from 'vite'

const tensorflowImport = "import * as tf from '@tensorflow/tfjs'"

/** Replaces the import of TensorFlow.js by `file`, which looks up the page's own copy. */
export function pageTensorflow(file: string): Plugin {
  return {
    name: 'page-tensorflow',
    enforce: 'pre',
    transform: {
      filter: { code: tensorflowImport },
      handler: (code) => ({
        code: code.replace(tensorflowImport, `import { tf } from '${file}'`),
        // No line moves, so the source map stays as it is.
        map: null,
      }),
    },
  }
}
