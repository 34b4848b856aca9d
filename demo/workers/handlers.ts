import type { DeviceChoice } from '../settings.js'
import { createAttributing } from './attributing.js'
import { indexOfGreatest, modelInput } from './digit-arrays.js'
import { loadPredictor } from './model.js'
import { openDevice, type OpenDevice } from './open-device.js'
import { createRanking } from './ranking.js'
import { retryable } from './retryable.js'
import type { Handlers } from './serve.js'

/** The demo's work. What a call needs is loaded when it is first needed. */
export function createHandlers(folder: string): Handlers {
  const predictor = retryable(() => loadPredictor(folder))
  let opened: { readonly choice: DeviceChoice; readonly device: OpenDevice } | undefined

  const open = async (choice: DeviceChoice): Promise<OpenDevice> => {
    if (opened?.choice === choice) return opened.device
    const device = await openDevice(await predictor(), choice)
    opened?.device.session[Symbol.dispose]()
    opened = { choice, device }
    return device
  }

  return {
    async predict({ pixels, device: choice }) {
      const { session, device, fallbackReason } = await open(choice)
      const { data } = await session.predict([modelInput(pixels)], {})
      const probabilities = Float32Array.from(data)
      return { probabilities, label: indexOfGreatest(probabilities), device, fallbackReason }
    },
    attribute: createAttributing(predictor),
    ...createRanking(folder, predictor, open),
  }
}
