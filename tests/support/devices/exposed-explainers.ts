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

/** A worker without a thread of its own: a message channel to explainers. */
export function channelTo(factory: Factory): ExplainerWorker {
  const { port1, port2 } = new MessageChannel()
  exposeExplainers(port1, factory)
  port1.start()
  onTestFinished(async () => {
    // Until the last message has arrived, and the explainers have been disposed of.
    await new Promise((resolve) => setTimeout(resolve, 20))
    port1.close()
    port2.close()
  })
  return port2
}

/** The explainers of a model behind a message channel. */
export function throughChannel(factory: Factory): RemoteExplainers {
  const explainers = connectExplainers(channelTo(factory))
  onTestFinished(() => {
    explainers.dispose()
  })
  return explainers
}
