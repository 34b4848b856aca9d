import { setText } from '../dom.js'
import type { Ranking } from '../session.js'
import { formatBytes, formatCount, formatDuration } from '../text/format.js'
import type { Attribution, DeviceReport } from '../workers/protocol.js'

/** What the similarity ran on, in one quiet line. */
export function showRankingFacts(element: HTMLElement, { fit, similarity }: Ranking): void {
  setText(
    element,
    `Training digits: ${deviceText(fit)} ${formatCount(fit.references)} gradients in ` +
      `${formatDuration(fit.durationMs)}, ${formatBytes(fit.storedByteLength)} kept; this digit compared with all in ` +
      `${formatDuration(similarity.durationMs)}.`,
  )
}

/** What the map ran on, in one quiet line. */
export function showAttributionFacts(element: HTMLElement, attribution: Attribution): void {
  setText(
    element,
    `Map: ${deviceText(attribution)} ${formatCount(attribution.steps)} steps in ` +
      `${formatDuration(attribution.durationMs)}.`,
  )
}

const deviceNames = { webgpu: 'WebGPU', wasm: 'WASM', cpu: 'plain JavaScript' } as const

function deviceText({ device, fallbackReason }: DeviceReport): string {
  const name = `on ${deviceNames[device]}`
  return fallbackReason === null ? `${name},` : `${name} (${fallbackReason.replace(/\.$/, '')}),`
}
