import { formatBytes, formatCount, formatDuration } from '../text/run-report.js'

/** What ran, where, and what it took; what is not known is undefined. */
export interface RunReport {
  readonly devices: readonly (string | null | undefined)[]
  readonly fallbackReasons: readonly (string | null | undefined)[]
  readonly rows: number | undefined
  readonly storedBytes: number | undefined
  readonly fitMs: number | undefined
  readonly similarityMs: number | undefined
  readonly attributionMs: number | undefined
  readonly steps: number | undefined
}

const deviceNames: Readonly<Record<string, string>> = {
  webgpu: 'WebGPU',
  wasm: 'WASM',
  cpu: 'plain JavaScript',
}

/** One quiet line: device, rows, stored bytes, time, and why a fallback runs; '' before anything ran. */
export function runReportLine(facts: RunReport): string {
  const { rows, storedBytes, fitMs, similarityMs, attributionMs, steps } = facts
  const devices = distinct(facts.devices).map((device) => deviceNames[device] ?? device)
  const training = rows === undefined ? undefined : `${formatCount(rows)} training examples`
  const parts = [
    devices.length === 0 ? '' : `Runs on ${devices.join(' and ')}.`,
    ...distinct(facts.fallbackReasons).map((reason) =>
      reason.replaceAll(/\b(webgpu|wasm): /g, (_, name: string) => `No ${deviceNames[name]!}: `),
    ),
    fitMs === undefined
      ? ''
      : sentence([
          `The gradients${training === undefined ? '' : ` of ${training}`} took ${formatDuration(fitMs)}`,
          ...(storedBytes === undefined || storedBytes === 0 ? [] : [formatBytes(storedBytes)]),
        ]),
    similarityMs === undefined
      ? ''
      : `Comparing ${training === undefined ? 'them' : `with ${fitMs === undefined ? training : 'them'}`} took ${formatDuration(similarityMs)}.`,
    attributionMs === undefined
      ? ''
      : `The attribution${steps === undefined ? '' : ` of ${formatCount(steps)} steps`} took ${formatDuration(attributionMs)}.`,
  ]
  return parts.filter((part) => part !== '').join(' ')
}

const sentence = (parts: readonly string[]): string => `${parts.join(' and ')}.`

function distinct(texts: readonly (string | null | undefined)[]): string[] {
  return [
    ...new Set(texts.filter((text) => text !== null && text !== undefined && text !== '')),
  ] as string[]
}
