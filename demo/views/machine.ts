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
export function showRankingFacts(
  element: HTMLElement,
  { fit, similarity }: Ranking,
  { one, many }: { readonly one: string; readonly many: string },
): void {
  setText(
    element,
    `The gradients of ${formatCount(fit.references)} training ${many} took ${formatDuration(fit.durationMs)} and ` +
      `${formatBytes(fit.storedByteLength)}; comparing this ${one} with all of them, ` +
      `${formatDuration(similarity.durationMs)}.`,
  )
}

/** What the attribution took. */
export function showAttributionFacts(
  element: HTMLElement,
  { steps, durationMs }: Attribution,
): void {
  setText(
    element,
    `The attribution of ${formatCount(steps)} steps took ${formatDuration(durationMs)}.`,
  )
}
