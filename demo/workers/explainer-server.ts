import { HttpStore } from 'gradlens'
import { exposeExplainers } from 'gradlens/worker'
import { loadPredictor } from './load-predictor.js'
import { prepareDevice } from './prepare-device.js'
import { readWorkerName } from './worker-name.js'

/** Exposes the explainers of the page's model, and the gradients that are stored with the page. */
export function serve(): void {
  const { folder, device } = readWorkerName(self.name)
  exposeExplainers(self, async () => {
    const predictor = await loadPredictor(folder)
    prepareDevice(predictor, device)
    return { predictor, values: { store: new HttpStore(new URL('gradients.zarr/', folder)) } }
  })
}
