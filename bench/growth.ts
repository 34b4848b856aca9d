import type { Case } from './cases.js'
import type { BenchOptions } from './options.js'
import { launchBrowser } from './browser.js'
import { renderersPeakMiB } from './resident-memory.js'
import type { Growth, Memory } from './report.js'
import { openPage, type Setting } from './settings.js'
import { median } from './statistics.js'

const factors = [1, 2, 4]

/** Measures whole calls with n, 2n and 4n rows, in turns. */
export async function measureGrowth(
  { name, page }: Setting,
  { exampleCount }: Case,
  roundCount: number,
): Promise<Growth[]> {
  const rows = factors.map((factor) => factor * exampleCount)
  await page.bringToFront()
  const growth: Growth[] = []
  for (const task of ['fit', 'explainAdHoc'] as const) {
    const times = rows.map((): number[] => [])
    for (let round = 0; round < roundCount; round++) {
      for (const [at, count] of rows.entries()) {
        const call = [task, count] as const
        times[at]?.push(await page.evaluate((called) => window.bench.withRows(...called), call))
      }
    }
    growth.push({ setting: name, task, rows, ms: times.map(median) })
  }
  return growth
}

/**
 * Measures the memory peak for each number of rows, in a new process: wasm memory never shrinks.
 */
export async function measureMemory(
  { name, address, device }: Setting,
  description: Case,
  folder: string,
  options: BenchOptions,
): Promise<Memory | null> {
  const rows = factors.map((factor) => factor * description.exampleCount)
  const bytesPerRow = 4 * description.inputShape.reduce((size, length) => size * length, 1)
  const peaks: number[] = []
  for (const count of rows) {
    const browser = await launchBrowser(options)
    try {
      const page = await openPage(browser, address)
      const call = [folder, description, device, count] as const
      await page.evaluate((called) => window.bench.explainOnce(...called), call)
      const peak = await renderersPeakMiB(browser)
      if (peak === null) return null
      peaks.push(peak)
    } finally {
      await browser.close()
    }
  }
  const dataMiB = rows.map((count) => (count * bytesPerRow) / 2 ** 20)
  return { setting: name, rows, peakMiB: peaks, dataMiB }
}
