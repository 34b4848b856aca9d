import { pageTensorflow } from './page-tensorflow.js'
import { tfjsPredictor as createPredictor } from './tfjs/index.js'

/** The classic script: all names as `window.gradlens`, on the page's own TensorFlow.js, `window.tf`. */
export * from './index.js'
export * from './influence/index.js'
export type * from './tfjs/index.js'
export * from './worker/index.js'

/** tfjsPredictor on the page's own TensorFlow.js. @throws UnsupportedError if there is no `window.tf` */
export const tfjsPredictor: typeof createPredictor = ((
  ...args: Parameters<typeof createPredictor>
) => {
  pageTensorflow()
  return createPredictor(...args)
}) as typeof createPredictor

declare global {
  interface Window {
    readonly gradlens: typeof import('./index.js') &
      typeof import('./influence/index.js') &
      typeof import('./tfjs/index.js') &
      typeof import('./worker/index.js')
  }
}
