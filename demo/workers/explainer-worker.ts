import type { ToWorker } from './protocol.js'

// The entry imports nothing but this, and nothing imports it: WebKit runs an entry again when a chunk
// imports it, and Vite puts code that chunks share into the entry.
const server = import('./explainer-server.js')
// A rejection is not an error event of the page's Worker.
server.catch(reportError)

// Messages that arrive while the server loads wait for it, in order.
addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  server.then(
    ({ receive }) => {
      receive(data)
    },
    () => undefined,
  )
})
