import { setText } from '../dom.js'
import type { Ranking } from '../session.js'
import { formatBytes, formatCount, formatDuration } from '../text/format.js'
import type { Attribution, DeviceReport } from '../workers/protocol.js'

const deviceNames = { webgpu: 'WebGPU', wasm: 'WASM', cpu: 'plain JavaScript' } as const

/** The device, and why not the ones before it. */
export function showDevice(element: HTMLElement, { device, fallbackReason }: DeviceReport): void {
  const reason = fallbackReason?.replaceAll(
    /\b(webgpu|wasm): /g,
    (_, name: 'webgpu' | 'wasm') => `No ${deviceNames[name]}: `,
  )
  setText(element, `Runs on ${deviceNames[device]}.${reason === undefined ? '' : ` ${reason}`}`)
}

/** What the similarity took. */
export function showRankingFacts(element: HTMLElement, { fit, similarity }: Ranking): void {
  setText(
    element,
    `The gradients of ${formatCount(fit.references)} training digits took ${formatDuration(fit.durationMs)} and ` +
      `${formatBytes(fit.storedByteLength)}; comparing this digit with all of them, ` +
      `${formatDuration(similarity.durationMs)}.`,
  )
}

/** What the map took. */
export function showAttributionFacts(
  element: HTMLElement,
  { steps, durationMs }: Attribution,
): void {
  setText(element, `The map of ${formatCount(steps)} steps took ${formatDuration(durationMs)}.`)
}
