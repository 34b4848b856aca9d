import { scenarios } from './scenarios.js'

declare global {
  interface Window {
    readonly scenarios: typeof scenarios
  }
}

Object.assign(window, { scenarios })
