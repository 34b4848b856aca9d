import('./explainers.js')
  .then(({ serve }) => {
    serve()
  })
  .catch(reportError)
