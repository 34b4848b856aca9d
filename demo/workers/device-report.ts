import type { DeviceReport } from './protocol.js'

interface Explainer {
  readonly device: DeviceReport['device'] | null
  readonly fallbackReason: string | null
}

/** Where an explainer runs, which it knows once a call has gone through. */
export function deviceOf({ device, fallbackReason }: Explainer): DeviceReport {
  if (device === null) throw new Error('The explainer has not run yet.')
  return { device, fallbackReason }
}
