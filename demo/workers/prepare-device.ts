import type { DeviceChoice } from '../settings.js'
import type { DemoPredictor } from './load-predictor.js'

/** Starts the chosen device while the page loads its data. A failure is reported by the first call. */
export function prepareDevice(predictor: DemoPredictor, choice: DeviceChoice): void {
  const start = async (device: Exclude<DeviceChoice, 'auto'>): Promise<void> => {
    const session = await predictor.open(device, { allowSoftware: choice !== 'auto' })
    session[Symbol.dispose]()
  }
  const started = choice === 'auto' ? start('webgpu').catch(() => start('wasm')) : start(choice)
  started.catch(() => undefined)
}
