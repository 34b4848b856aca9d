// The entry imports nothing but this, and nothing imports it, as in explainer-worker.ts. Messages
// that come before the import is done are kept for it.
const early: MessageEvent<unknown>[] = []
const keep = (event: MessageEvent<unknown>): void => void early.push(event)
self.addEventListener('message', keep)
import('../yours/workshop/serve-workshop.js')
  .then(({ serve }) => {
    self.removeEventListener('message', keep)
    serve()
    for (const { data } of early) self.dispatchEvent(new MessageEvent('message', { data }))
  })
  .catch(reportError)
