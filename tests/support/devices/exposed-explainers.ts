import type { Predictor } from 'gradlens'
import {
  connectExplainers,
  type Exposed,
  exposeExplainers,
  type ExplainerWorker,
  type RemoteExplainers,
} from 'gradlens/worker'
import { onTestFinished } from 'vitest'

type Factory = () => Promise<Predictor | Exposed> | Predictor | Exposed

/** A worker without a thread: a message channel to explainers. */
export function channelTo(factory: Factory): ExplainerWorker {
  const { port1, port2 } = new MessageChannel()
  exposeExplainers(port1, factory)
  port1.start()
  onTestFinished(async () => {
    // Messages arrive in their order: after this one, the explainers have been disposed of.
    const last = 'the last message'
    await new Promise<void>((resolve) => {
      port1.addEventListener('message', ({ data }) => {
        if (data === last) resolve()
      })
      port2.postMessage(last)
    })
    port1.close()
    port2.close()
  })
  // Without `close`: a connection that ends would close the channel before the last message.
  return {
    postMessage(message, transfer) {
      port2.postMessage(message, transfer)
    },
    addEventListener(type: string, listener: (event: never) => void) {
      port2.addEventListener(type as 'message', listener as () => void)
    },
    start() {
      port2.start()
    },
  }
}

/** The explainers of a model behind a message channel. */
export function throughChannel(factory: Factory): RemoteExplainers {
  const explainers = connectExplainers(channelTo(factory))
  onTestFinished(() => {
    explainers.dispose()
  })
  return explainers
}
