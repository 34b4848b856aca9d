import { formatBytes, formatCount, formatDuration } from './quantities.js'

/** What ran, where, and how long it took. Leave out what is unknown. */
export interface RunReport {
  /** The devices that ran: 'webgpu', 'wasm' or 'cpu'. */
  readonly devices?: readonly (string | null | undefined)[]
  /** Why a faster device was not used. */
  readonly fallbackReasons?: readonly (string | null | undefined)[]
  /** How many examples were compared. */
  readonly exampleCount?: number | undefined
  /** What several of these examples are called. Default: 'training examples'. */
  readonly noun?: string
  /** The size of the stored gradients, in bytes. */
  readonly storedBytes?: number | undefined
  readonly fitMs?: number | undefined
  readonly similarityMs?: number | undefined
  readonly attributionMs?: number | undefined
  /** The number of steps of the attribution's path. */
  readonly steps?: number | undefined
}

const deviceNames: Readonly<Record<string, string>> = {
  webgpu: 'WebGPU',
  wasm: 'WASM',
  cpu: 'plain JavaScript',
}

/** A run report as one line: the device, why faster ones were not used, counts, bytes and times. */
export function formatRunReport(report: RunReport): string {
  return [
    formatDevices(report),
    formatFit(report),
    formatSimilarity(report),
    formatAttribution(report),
  ]
    .filter((sentence) => sentence !== '')
    .join(' ')
}

function formatDevices({ devices = [], fallbackReasons = [] }: RunReport): string {
  const names = listDistinct(devices).map((device) => deviceNames[device] ?? device)
  const reasons = listDistinct(fallbackReasons).map((reason) =>
    reason.replaceAll(/\b(webgpu|wasm): /g, (_, name: string) => `No ${deviceNames[name]!}: `),
  )
  return [...(names.length === 0 ? [] : [`Runs on ${names.join(' and ')}.`]), ...reasons].join(' ')
}

function formatFit({ fitMs, storedBytes, ...report }: RunReport): string {
  if (fitMs === undefined) return ''
  const training = formatTraining(report)
  const size =
    storedBytes === undefined || storedBytes === 0 ? '' : ` and ${formatBytes(storedBytes)}`
  const gradients = training === undefined ? 'The gradients' : `The gradients of ${training}`
  return `${gradients} took ${formatDuration(fitMs)}${size}.`
}

function formatSimilarity({ similarityMs, fitMs, ...report }: RunReport): string {
  if (similarityMs === undefined) return ''
  const training = formatTraining(report)
  const others = training === undefined || fitMs !== undefined ? 'them' : training
  return `Comparing with ${others} took ${formatDuration(similarityMs)}.`
}

function formatAttribution({ attributionMs, steps }: RunReport): string {
  if (attributionMs === undefined) return ''
  const ofSteps = steps === undefined ? '' : ` of ${formatCount(steps)} steps`
  return `The attribution${ofSteps} took ${formatDuration(attributionMs)}.`
}

function formatTraining({
  exampleCount,
  noun = 'training examples',
}: RunReport): string | undefined {
  return exampleCount === undefined ? undefined : `${formatCount(exampleCount)} ${noun}`
}

function listDistinct(texts: readonly (string | null | undefined)[]): string[] {
  return [...new Set(texts.map((text) => text ?? ''))].filter((text) => text !== '')
}
