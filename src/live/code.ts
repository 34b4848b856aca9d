import { exposeExplainers } from '../worker/expose.js'
import type { LiveCode, LiveFiles } from './live-files.js'
import { openModel } from './open-model.js'
import { trustWorkers } from './trusted-scripts.js'

/**
 * The code that computes in a live report. In a worker, its first message starts it. In a page that
 * may not start workers, it is a global.
 */
const code: LiveCode = {
  expose(scope, files) {
    exposeExplainers(scope, () => openModel(files))
  },
}

if (typeof document === 'undefined') {
  trustWorkers()
  addEventListener(
    'message',
    ({ data }) => {
      code.expose(self, data as LiveFiles)
    },
    { once: true },
  )
  postMessage('started')
} else {
  globalThis.gradlensLiveCode = code
}
