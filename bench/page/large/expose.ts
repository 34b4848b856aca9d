import { exposeExplainers } from 'gradlens/worker'
import { loadPredictor } from './load.js'

/** Answers the page. The worker's name is the address of the case's folder, and the kind of its model. */
export function serve(): void {
  const { folder, kind } = JSON.parse(self.name) as Parameters<typeof loadPredictor>[0]
  exposeExplainers(self, async () => ({ predictor: await loadPredictor({ folder, kind }) }))
}
