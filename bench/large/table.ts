import type { LargeColumn, LargeReport } from './report.js'

/** Formats a model's figures as a table in Markdown, with the checks below it. */
export function largeText(report: LargeReport): string {
  const { title, parameterCount, exampleCount, columns, peers, agreement } = report
  const rows: readonly (readonly [string, (column: LargeColumn) => string])[] = [
    ['fit, per example', ({ ms }) => milliseconds(ms.fit)],
    ['explain 1, stored gradients', ({ ms }) => milliseconds(ms.explainStored)],
    ['integrated gradients, 50 steps', ({ ms }) => milliseconds(ms.integratedGradients)],
    ['first fit', ({ firstMs }) => (firstMs === null ? '–' : milliseconds(firstMs))],
    ['stored per example', ({ storedBytesPerExample: bytes }) => megabytes(bytes)],
    [
      'peak of the process',
      ({ peakMiB }) => (peakMiB === null ? '–' : `${peakMiB.toFixed(0)} MiB`),
    ],
    [
      "TensorFlow.js's heap",
      ({ heapBytes }) => (heapBytes === null ? '–' : `${(heapBytes / 2 ** 20).toFixed(0)} MiB`),
    ],
    ['longest task in the page', ({ longestTaskMs }) => longestTask(longestTaskMs)],
  ]
  return [
    '',
    `## ${title}: ${parameterCount.toLocaleString('en')} parameters, ${exampleCount} training examples`,
    '',
    ...markdownTable([
      ['', ...columns.map(({ name }) => name)],
      ...rows.map(([name, cell]) => [name, ...columns.map(cell)]),
    ]),
    '',
    ...peers.map(({ name, versions, threads }) => {
      const list = Object.entries(versions).map((version) => version.join(' '))
      return `${name}: ${list.join(', ')}; threads: ${threads}`
    }),
    ...agreement.map(({ column, what, error, tolerance, agrees, peerError }) => {
      const verdict = agrees ? 'agree' : 'DO NOT AGREE'
      const own =
        peerError === undefined ? '' : `; TensorFlow's own float32: ${peerError.toExponential(1)}`
      return `${column}: ${what} and float64 TensorFlow's ${verdict}: largest error ${error.toExponential(1)} of the largest (≤ ${tolerance.toExponential(1)}${own})`
    }),
  ].join('\n')
}

function milliseconds(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(0)} s`
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toPrecision(ms >= 100 ? 3 : 2)} ms`
}

const megabytes = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`

function longestTask(ms: number | null): string {
  if (ms === null) return '–'
  return ms === 0 ? '< 50 ms' : milliseconds(ms)
}

function markdownTable([header = [], ...rows]: readonly (readonly string[])[]): string[] {
  const all = [header, ...rows]
  const widths = header.map((_, at) => Math.max(3, ...all.map((row) => row[at]!.length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}
