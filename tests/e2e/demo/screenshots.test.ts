import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { AxeResults } from 'axe-core'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DemoPage, type PageName } from './demo-page.js'
import { launchBrowser } from '../launch-browser.js'
import { serveDemo, type DemoServer } from './demo-server.js'

/** Not tracked; there to be looked at. */
const folder = path.resolve(import.meta.dirname, '../../../dist-screenshots')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser: Browser
let server: DemoServer

beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  server = await serveDemo()
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  await server.close()
})

const pages: readonly PageName[] = ['index', 'garments', 'reviews', 'cars', 'photos']
const wide = { width: 1280, height: 900 }
const phone = { width: 390, height: 844 }

test.each(
  pages.flatMap((name) => [
    { name, ...wide, colorScheme: 'light' as const },
    { name, ...phone, colorScheme: 'dark' as const },
  ]),
)(
  'the page $name fits $width pixels, in $colorScheme, moves little in sight, and axe finds nothing',
  async ({ name, width, height, colorScheme }) => {
    const context = await browser.newContext({
      serviceWorkers: 'block',
      viewport: { width, height },
      colorScheme,
    })
    try {
      const demo = new DemoPage(await context.newPage())
      await demo.page.addInitScript(recordShifts)
      await demo.open(server, { device: 'wasm', references: 60, steps: 5 }, name)
      // The model of the page Photos is loaded when the user asks for it.
      if (name === 'photos') await demo.page.locator('#strip .thumb').nth(11).waitFor()
      else await demo.settled()
      expect(await demo.page.evaluate(() => window.layoutShift)).toBeLessThan(0.1)
      const overflow = await demo.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow).toBeLessThanOrEqual(0)
      const file = path.join(folder, `${name}-${width}-${colorScheme}.png`)
      await demo.page.screenshot({ path: file, fullPage: true })

      await demo.page.evaluate(axe)
      const { violations } = await demo.page.evaluate(() =>
        (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
      )
      const found = violations.map(({ id, nodes }) => `${id}: ${String(nodes[0]?.html)}`)
      expect(found).toEqual([])
      // A breach of the content security policy would be among them.
      expect(demo.errors).toEqual([])
    } finally {
      await context.close()
    }
  },
)

declare global {
  interface Window {
    /** The sum of what has moved so far, as browsers weigh it. */
    layoutShift: number
  }
}

function recordShifts(): void {
  window.layoutShift = 0
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      window.layoutShift += (entry as PerformanceEntry & { readonly value: number }).value
    }
  }).observe({ type: 'layout-shift', buffered: true })
}
