// The entry imports nothing but this, and nothing imports it: WebKit runs an entry again when a chunk
// imports it, and Vite puts code that chunks share into the entry.
import('./explainer-server.js')
  .then(({ serve }) => {
    serve()
  })
  // A rejection is not an error event of the page's Worker.
  .catch(reportError)
