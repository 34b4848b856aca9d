// The entry imports nothing but this, and nothing imports it, as in explainer-worker.ts.
import('./photos-server.js')
  .then(({ serve }) => {
    serve()
  })
  .catch(reportError)
