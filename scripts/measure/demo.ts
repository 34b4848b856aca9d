/**
 * Measures each page of the built demo in Chromium on loopback: first contentful paint, the longest
 * task on the main thread while it loads and explains (in the processor time of the page), what
 * moved, how long it took until all was explained, and what a first visit downloads. With
 * --screenshots it also takes pictures at 390, 1280 and 1920 pixels in both themes, into
 * dist-screenshots/:
 *
 *     npm run build && npm run measure:demo [-- --screenshots]
 */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { argv } from 'node:process'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright'
import { DemoPage, type PageName } from '../../tests/e2e/demo/demo-page.js'
import { launchBrowser } from '../../tests/e2e/launch-browser.js'
import { serveDemo, type DemoServer } from '../../tests/e2e/demo/demo-server.js'
import { longestTask } from '../../tests/e2e/longest-task.js'

const pages: readonly PageName[] = ['index', 'garments', 'reviews', 'cars']
const visits = 3
const folder = path.resolve(import.meta.dirname, '../../dist-screenshots')

interface Measured {
  readonly firstPaintMs: number
  readonly longestTaskMs: number
  readonly layoutShift: number
  readonly explainedMs: number
}

declare global {
  interface Window {
    measuredShift: number
  }
}

type LayoutShift = PerformanceEntry & { readonly value: number; readonly hadRecentInput: boolean }

/** Adds up what moves. As in Cumulative Layout Shift, what follows a click at once does not count. */
function recordShifts(): void {
  window.measuredShift = 0
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as LayoutShift[]) {
      if (!entry.hadRecentInput) window.measuredShift += entry.value
    }
  }).observe({ type: 'layout-shift', buffered: true })
}

async function measure(browser: Browser, server: DemoServer, name: PageName): Promise<Measured> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  try {
    const demo = new DemoPage(await context.newPage(), server)
    await demo.page.addInitScript(recordShifts)
    await browser.startTracing(demo.page, { categories: ['toplevel', 'devtools.timeline'] })
    await demo.open({}, name)
    await demo.settled()
    const explainedMs = await demo.page.evaluate(() => performance.now())
    // The measurement includes a second question, with everything warm.
    await demo.page.locator('.thumb, .choice').nth(2).click()
    await demo.settled()
    const longestTaskMs = longestTask(await browser.stopTracing())
    return await demo.page.evaluate(
      (rest) => ({
        firstPaintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
        layoutShift: window.measuredShift,
        ...rest,
      }),
      { longestTaskMs, explainedMs },
    )
  } finally {
    await context.close()
  }
}

/** What a first visit downloads until all is explained, gzipped, in bytes. */
async function measureFirstVisit(
  browser: Browser,
  server: DemoServer,
  name: PageName,
): Promise<number> {
  const context = await browser.newContext({ serviceWorkers: 'block' })
  try {
    const sizes = new Map<string, number>()
    const reading: Promise<void>[] = []
    context.on('response', (response) => {
      const read = async (): Promise<void> => {
        sizes.set(response.url(), gzipSync(await response.body(), { level: 9 }).length)
      }
      // Redirects and data in the page have no body.
      reading.push(read().catch(() => undefined))
    })
    const demo = new DemoPage(await context.newPage(), server)
    await demo.open({}, name)
    await demo.settled()
    await Promise.all(reading)
    return [...sizes.values()].reduce((sum, size) => sum + size, 0)
  } finally {
    await context.close()
  }
}

async function takePictures(browser: Browser, server: DemoServer, name: PageName): Promise<void> {
  for (const width of [390, 1280, 1920]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme })
      const demo = new DemoPage(await context.newPage(), server)
      await demo.open({}, name)
      await demo.settled()
      const file = path.join(folder, `${name}-${width}-${colorScheme}.png`)
      await demo.page.screenshot({ path: file, fullPage: true })
      await context.close()
    }
  }
}

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const server = await serveDemo()
const browser = await launchBrowser()
try {
  console.log(
    line([
      `page, median of ${visits} visits`,
      'first paint, ms',
      'longest task, ms',
      'layout shift',
      'all explained, ms',
      'first visit gzipped, kB',
    ]),
  )
  console.log(line(Array.from({ length: 6 }, () => '---')))
  for (const name of pages) {
    const measured: Measured[] = []
    for (let visit = 0; visit < visits; visit++) {
      measured.push(await measure(browser, server, name))
    }
    const of = (key: keyof Measured): number => middle(measured.map((each) => each[key]))
    console.log(
      line([
        name,
        of('firstPaintMs').toFixed(0),
        of('longestTaskMs').toFixed(0),
        of('layoutShift').toFixed(3),
        of('explainedMs').toFixed(0),
        ((await measureFirstVisit(browser, server, name)) / 1000).toFixed(0),
      ]),
    )
  }
  if (argv.includes('--screenshots')) {
    mkdirSync(folder, { recursive: true })
    for (const name of pages) await takePictures(browser, server, name)
    console.log(`screenshots in ${folder}`)
  }
} finally {
  await browser.close()
  await server.close()
}
