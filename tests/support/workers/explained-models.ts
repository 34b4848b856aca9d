import { tfjsPredictor } from 'gradlens/tfjs'
import { exposeExplainers } from 'gradlens/worker'
import { useDevice } from '../devices/devices.js'
import { createDenseNet, createPictureNet } from './nets.js'

/** Exposes the net of nets.ts and, as a value, a smaller one. */
export function serve(): void {
  exposeExplainers(self, async () => {
    await useDevice('cpu')
    const predictor = tfjsPredictor(createPictureNet())
    return { predictor, values: { dense: tfjsPredictor(createDenseNet()) } }
  })
}
