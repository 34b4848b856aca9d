// The entry imports nothing but this, and nothing imports it: WebKit runs an entry again when a chunk
// imports it. The page gets a failed import as an error of its worker.
import('./explainers.js')
  .then(({ serve }) => {
    serve()
  })
  .catch(reportError)
