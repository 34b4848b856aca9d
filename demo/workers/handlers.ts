import type { DeviceChoice } from '../settings.js'
import { createAttributing } from './attributing.js'
import { indexOfGreatest, modelInput } from './digit-arrays.js'
import { loadPredictor } from './model.js'
import { openDevice, type OpenDevice } from './open-device.js'
import { createRanking } from './ranking.js'
import { retryable } from './retryable.js'
import type { Start } from './protocol.js'
import type { Handlers } from './serve.js'

/** The demo's work. The model and the device are made ready at once, since the first call will want them. */
export function createHandlers({ folder, device: firstChoice }: Start): Handlers {
  const predictor = retryable(() => loadPredictor(folder))
  let opened: { readonly choice: DeviceChoice; readonly device: Promise<OpenDevice> } | undefined

  const open = (choice: DeviceChoice): Promise<OpenDevice> => {
    if (opened?.choice === choice) return opened.device
    const before = opened?.device
    const device = predictor().then((loaded) => openDevice(loaded, choice))
    opened = { choice, device }
    device.catch(() => {
      if (opened?.device === device) opened = undefined
    })
    before?.then(
      ({ session }) => {
        session[Symbol.dispose]()
      },
      () => undefined,
    )
    return device
  }
  void open(firstChoice).catch(() => undefined)

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
