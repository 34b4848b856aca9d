import type { DeviceChoice } from '../settings.js'
import type { DemoPredictor } from './model.js'
import type { DeviceReport } from './protocol.js'

type Device = DeviceReport['device']
type Session = Awaited<ReturnType<DemoPredictor['open']>>

const automaticOrder: readonly Device[] = ['webgpu', 'wasm', 'cpu']

export interface OpenDevice extends DeviceReport {
  readonly session: Session
}

/** Opens the model on the chosen device; for 'auto', on the first device that works. */
export async function openDevice(
  predictor: DemoPredictor,
  choice: DeviceChoice,
): Promise<OpenDevice> {
  const reasons: string[] = []
  const devices = choice === 'auto' ? automaticOrder : [choice]
  for (const device of devices) {
    try {
      const session = await predictor.open(device, { allowSoftware: choice !== 'auto' })
      return { session, device, fallbackReason: reasons.length > 0 ? reasons.join(' ') : null }
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error))
    }
  }
  throw new Error(`${reasons.join(' ')} Choose another device.`)
}
