import { setText } from '../dom.js'
import type { Ranking } from '../session.js'
import { formatBytes, formatCount, formatDuration, formatTablePercent } from '../text/format.js'
import type { Attribution, DeviceReport, Prediction } from '../workers/protocol.js'

const deviceNames = { webgpu: 'WebGPU', wasm: 'WASM', cpu: 'plain JavaScript' } as const

/** The device, and why not the ones before it. */
export function showDevice(element: HTMLElement, { device, fallbackReason }: DeviceReport): void {
  const reason = fallbackReason?.replaceAll(
    /\b(webgpu|wasm): /g,
    (_, name: 'webgpu' | 'wasm') => `No ${deviceNames[name]}: `,
  )
  setText(element, `Runs on ${deviceNames[device]}.${reason === undefined ? '' : ` ${reason}`}`)
}

/** What the page and its worker hold in memory. */
export function showMemory(element: HTMLElement, { tensorByteLength }: Prediction): void {
  // Chromium alone tells of it.
  const { memory } = performance as { readonly memory?: { readonly usedJSHeapSize: number } }
  const heap =
    memory === undefined ? '' : `; the page itself holds ${formatBytes(memory.usedJSHeapSize)}`
  setText(element, `The model and its tensors take ${formatBytes(tensorByteLength)}${heap}.`)
}

/** What the similarity took. */
export function showRankingFacts(
  element: HTMLElement,
  { fit, similarity }: Ranking,
  { one, many }: { readonly one: string; readonly many: string },
): void {
  const { durationMs, storedByteLength, stored, storeFailure } = fit
  const gradients = `The gradients of ${formatCount(fit.references)} training ${many}`
  const comparing = `comparing this ${one} with all of them, ${formatDuration(similarity.durationMs)}.`
  if (stored !== null) {
    const { projection, exactNumbersPerRow, measured } = stored
    const { recall } = measured.similarities[similarity.simFn]
    setText(
      element,
      `${gradients} are stored beside this page: ${formatBytes(storedByteLength)}, opened in ` +
        `${formatDuration(durationMs)}; ${comparing} They are projected to ${formatCount(projection.size)} of ` +
        `${formatCount(exactNumbersPerRow)} numbers, so the scores are estimates: of the ${formatCount(measured.topK)} most ` +
        `similar by the exact ones, ${formatTablePercent(recall)} are found.`,
    )
    return
  }
  const failure =
    storeFailure === null ? '' : ` Those stored beside this page failed: ${storeFailure}`
  setText(
    element,
    `${gradients} took ${formatDuration(durationMs)} and ${formatBytes(storedByteLength)}; ${comparing}${failure}`,
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
