import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRunReport,
  formatTablePercent,
} from 'gradlens/elements'
import { setText } from '../dom.js'
import type { Ranking } from '../session.js'
import type { Attribution, DeviceReport, Prediction } from '../explaining/results.js'

/** Shows the device, and why a faster one was not used. */
export function showDevice(element: HTMLElement, { device, fallbackReason }: DeviceReport): void {
  setText(element, formatRunReport({ devices: [device], fallbackReasons: [fallbackReason] }))
}

/** Shows the size of the model, and the memory that the page uses. */
export function showMemory(element: HTMLElement, { modelByteLength }: Prediction): void {
  // Only Chromium reports it.
  const { memory } = performance as { readonly memory?: { readonly usedJSHeapSize: number } }
  const heap = memory === undefined ? '' : `; the page uses ${formatBytes(memory.usedJSHeapSize)}`
  setText(element, `The model takes ${formatBytes(modelByteLength)}${heap}.`)
}

/** Shows how long the similarity took, and how exact it is. */
export function showRankingReport(
  element: HTMLElement,
  { fit, similarity }: Ranking,
  noun: string,
): void {
  const { durationMs, storedByteLength, stored, storeFailure } = fit
  if (stored === null) {
    const report = formatRunReport({
      exampleCount: fit.references,
      noun,
      storedBytes: storedByteLength,
      fitMs: durationMs,
      similarityMs: similarity.durationMs,
    })
    const failure =
      storeFailure === null ? '' : ` The stored gradients could not be used: ${storeFailure}`
    setText(element, report + failure)
    return
  }
  const { projection, exactNumbersPerRow, measured } = stored
  const { recall } = measured.similarities[similarity.simFn]
  setText(
    element,
    `The gradients of ${formatCount(fit.references)} training ${noun} are stored with this page: ` +
      `${formatBytes(storedByteLength)}, opened in ${formatDuration(durationMs)}. ` +
      `${formatRunReport({ similarityMs: similarity.durationMs })} ` +
      `They are projected from ${formatCount(exactNumbersPerRow)} to ${formatCount(projection.size)} numbers, so the ` +
      `scores are estimates: they find ${formatTablePercent(recall)} of the ${formatCount(measured.topK)} most similar ` +
      `${noun} by exact gradients.`,
  )
}

/** Shows how long the attribution took. */
export function showAttributionReport(
  element: HTMLElement,
  { steps, durationMs }: Attribution,
): void {
  setText(element, formatRunReport({ attributionMs: durationMs, steps }))
}
