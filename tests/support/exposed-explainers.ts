import type { Predictor } from 'gradlens'
import {
  connectExplainers,
  type Exposed,
  exposeExplainers,
  type RemoteExplainers,
} from 'gradlens/worker'
import { onTestFinished } from 'vitest'

/** The explainers of a model behind a message channel, without a thread of their own. */
export function throughChannel(
  factory: () => Promise<Predictor | Exposed> | Predictor | Exposed,
): RemoteExplainers {
  const { port1, port2 } = new MessageChannel()
  exposeExplainers(port1, factory)
  port1.start()
  const explainers = connectExplainers(port2)
  onTestFinished(async () => {
    explainers.dispose()
    // Until the last message has arrived, and the explainers have been disposed of.
    await new Promise((resolve) => setTimeout(resolve, 20))
    port1.close()
  })
  return explainers
}
