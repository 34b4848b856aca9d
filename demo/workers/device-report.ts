import type { DeviceReport } from './protocol.js'

interface Explainer {
  readonly device: DeviceReport['device'] | null
  readonly fallbackReason: string | null
}

/** The device of an explainer, which is known after its first call. */
export function reportDevice({ device, fallbackReason }: Explainer): DeviceReport {
  if (device === null) throw new Error('The explainer has not run yet.')
  return { device, fallbackReason }
}
