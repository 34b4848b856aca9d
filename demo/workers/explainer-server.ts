import { HttpStore } from 'gradlens'
import { exposeExplainers } from 'gradlens/worker'
import { loadPredictor } from './load-predictor.js'
import { prepareDevice } from './prepare-device.js'
import { readWorkerName } from './worker-name.js'

/** Exposes the explainers of the page's model, and the gradients and the curvature that are stored with the page. */
export function serve(): void {
  const { folder, device } = readWorkerName(self.name)
  exposeExplainers(self, async () => {
    const predictor = await loadPredictor(folder)
    prepareDevice(predictor, device)
    const open = (name: string): HttpStore => new HttpStore(new URL(`${name}.zarr/`, folder))
    return { predictor, values: { store: open('gradients'), curvature: open('curvature') } }
  })
}
