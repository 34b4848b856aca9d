// The entry imports nothing but this, and nothing imports it.
import('./expose.js')
  .then(({ serve }) => {
    serve()
  })
  .catch(reportError)
