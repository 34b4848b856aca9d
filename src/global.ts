/** The classic script: everything as `window.gradlens`, on the page's own TensorFlow.js, `window.tf`. */
export * from './index.js'
export * from './tfjs/index.js'

declare global {
  interface Window {
    readonly gradlens: typeof import('./index.js') & typeof import('./tfjs/index.js')
  }
}
