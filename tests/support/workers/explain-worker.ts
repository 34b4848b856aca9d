import('./explained-models.js')
  .then(({ serve }) => {
    serve()
  })
  .catch(reportError)
