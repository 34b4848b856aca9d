import { memory } from '@tensorflow/tfjs'
import type { DeviceChoice } from '../settings.js'
import { createAttributing } from './attributing.js'
import { dataSets } from './data-sets.js'
import { findGreatest } from './label-arrays.js'
import { loadPredictor } from './model.js'
import { openDevice, type OpenDevice } from './open-device.js'
import { createRanking } from './ranking.js'
import { createRetryable } from './retryable.js'
import type { Start } from './protocol.js'
import type { Handlers } from './serve.js'

/**
 * Creates the handlers of the demo's calls. It prepares the model and the device for the first
 * call.
 */
export function createHandlers({ dataSet: name, folder, device: firstChoice }: Start): Handlers {
  const dataSet = dataSets[name]
  const predictor = createRetryable(() => loadPredictor(folder))
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
    async predict({ input, device: choice }) {
      const { session, device, fallbackReason } = await open(choice)
      const outputs = Float32Array.from((await session.predict([input], {})).data)
      const tensorByteLength = memory().numBytes
      const label = findGreatest(outputs)
      return { outputs, label, device, fallbackReason, tensorByteLength }
    },
    attribute: createAttributing(folder, dataSet, predictor),
    ...createRanking(folder, dataSet, predictor, open),
  }
}
