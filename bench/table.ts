import { largeText } from './large/table.js'
import { contestantNames } from './participants.js'
import { tasks, type Task } from './protocol.js'
import type { BenchReport, Column, ModelReport, Ratio } from './report.js'

const rowTitles: Readonly<Record<Task | 'storedBytes', string>> = {
  fit: 'fit, per example',
  explainStored: 'explain 1, stored gradients',
  explainAdHoc: 'explain 1, ad hoc',
  integratedGradients: 'integrated gradients, 50 steps',
  storedBytes: 'stored per example',
}

/** Formats the report: a table of times and ratios per model and setting, then the checks. */
export function reportText(report: BenchReport): string {
  const { machine, settings, peers, remarks, models, largeModels, date } = report
  const { cpu, cores, memoryGiB, system, node, browser } = machine
  return [
    `${date}: ${cpu}, ${cores} cores, ${memoryGiB.toFixed(0)} GiB, ${system}; ${browser}, Node ${node}`,
    ...settings.map(({ name, crossOriginIsolated, wasmThreads, relaxedSimd, adapter }) => {
      const isolated = crossOriginIsolated ? 'isolated' : 'not isolated'
      const threads = wasmThreads === 0 ? '' : `, tfjs-wasm threads: ${wasmThreads}`
      const simd = relaxedSimd ? 'relaxed SIMD' : 'no relaxed SIMD'
      return `${name}: ${isolated}${threads}, ${simd}, adapter: ${adapter?.name ?? 'none'}`
    }),
    ...peers.map(({ versions, threads, blas }) => {
      const list = Object.entries(versions).map((version) => version.join(' '))
      return `${list.join(', ')}; threads: ${threads}${blas === undefined ? '' : `; ${blas}`}`
    }),
    ...remarks,
    ...models.map((model) => modelText(model, settings)),
    ...largeModels.map(largeText),
  ].join('\n')
}

function modelText(model: ModelReport, settings: BenchReport['settings']): string {
  const { title, parameterCount, exampleCount, agreement, growth, memory } = model
  return [
    '',
    `## ${title}: ${parameterCount.toLocaleString('en')} parameters, ${exampleCount.toLocaleString('en')} training examples`,
    ...settings.map(({ name }) => `\n${name}\n${settingTable(model, name)}`),
    '',
    ...settings.flatMap(({ name }) => pathCostText(model, name)),
    ...agreement.map(({ setting, peer, what, error, tolerance, rankCorrelation, agrees }) => {
      const verdict = agrees ? 'agree' : 'DO NOT AGREE'
      const figures = `largest error ${error.toExponential(1)} of the largest (≤ ${tolerance})`
      return `${setting}: ${what} and ${peer}'s ${verdict}: ${figures}, rank correlation ${rankCorrelation.toFixed(6)}`
    }),
    ...growth.map(({ setting, task, rows, ms }) => {
      const perRow = ms.map((time, at) => milliseconds(time / (rows[at] ?? NaN)))
      return `${setting}: ${task} with ${rows.join(', ')} rows: ${perRow.join(', ')} per row`
    }),
    ...memory.map(({ setting, rows, peakMiB, dataMiB }) => {
      const peaks = peakMiB.map((peak) => peak.toFixed(0))
      const data = dataMiB.map((size) => size.toFixed(1))
      return `${setting}: explain, ad hoc, with ${rows.join(', ')} rows: peak ${peaks.join(', ')} MiB (data ${data.join(', ')})`
    }),
  ].join('\n')
}

/** Compares integrated gradients with the passes that they need. */
function pathCostText({ ratios }: ModelReport, setting: string): string[] {
  const own = ratios.find(
    (ratio) =>
      ratio.setting === setting &&
      ratio.other === contestantNames.passes &&
      ratio.what === 'integratedGradients',
  )
  if (own === undefined) return []
  const times = significant(1 / own.median)
  return [
    `${setting}: integrated gradients, ${times}× the bare forward and backward passes that they need`,
  ]
}

function settingTable({ columns, ratios }: ModelReport, setting: string): string {
  // A participant in only one row has its own line below.
  const shown = columns.filter(
    (column) => (column.setting ?? setting) === setting && column.name !== contestantNames.passes,
  )
  const others = shown.filter(({ name }) => name !== contestantNames.ours)
  const header = [
    '',
    ...shown.map(({ name }) => name),
    ...others.map(({ name }) => `${name} ÷ ours`),
  ]
  const rows = [...tasks, 'storedBytes' as const].map((what) => [
    rowTitles[what],
    ...shown.map((column) => cellText(column, what)),
    ...others.map(({ name }) => ratioText(ratios, setting, name, what)),
  ])
  const remarks = shown.flatMap(({ name, cells }) => {
    const found = new Set(Object.values(cells).flatMap(({ remark }) => (remark ? [remark] : [])))
    return [...found].map((remark) => `${name}: ${remark}`)
  })
  return [align([header, ...rows]), ...remarks].join('\n')
}

function cellText({ cells, storedBytesPerExample }: Column, what: Task | 'storedBytes'): string {
  if (what === 'storedBytes') {
    return storedBytesPerExample === null ? '–' : `${(storedBytesPerExample / 1000).toFixed(1)} kB`
  }
  const cell = cells[what]
  return cell === undefined ? '–' : milliseconds(cell.median)
}

function ratioText(
  ratios: readonly Ratio[],
  setting: string,
  other: string,
  what: Ratio['what'],
): string {
  const ratio = ratios.find(
    (each) => each.setting === setting && each.other === other && each.what === what,
  )
  return ratio === undefined ? '–' : `${significant(ratio.median)}×`
}

function milliseconds(ms: number): string {
  return ms >= 10_000 ? `${significant(ms / 1000)} s` : `${significant(ms)} ms`
}

/** Formats with three digits and no exponent. */
function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  )
  return rows
    .map((row) =>
      row
        .map((text, at) =>
          at === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[at] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}
