import type * as tensorflow from '@tensorflow/tfjs'
import { UnsupportedError } from './errors.js'

/**
 * The page's own TensorFlow.js, `window.tf`, for the classic script.
 *
 * @throws UnsupportedError if the page has not loaded it
 */
export function pageTensorflow(): typeof tensorflow {
  const { tf } = globalThis as { readonly tf?: typeof tensorflow }
  if (tf !== undefined) return tf
  throw new UnsupportedError(
    'tensorflow',
    'tfjsPredictor needs TensorFlow.js: got no window.tf; expected the script tf.es2017.min.js of ' +
      '@tensorflow/tfjs. Load it before you call tfjsPredictor.',
  )
}

/** Stands in for the import of TensorFlow.js. It is looked up at each use, so the page may load it later. */
export const tf: typeof tensorflow = new Proxy({} as typeof tensorflow, {
  get: (_, name): unknown => Reflect.get(pageTensorflow(), name),
})
