import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DemoPage, launchBrowser } from './demo-page.js'
import { serveDemo, type DemoServer } from './demo-server.js'

/** Not tracked; there to be looked at. */
const folder = path.resolve(import.meta.dirname, '../../dist-screenshots')

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

test.each([
  { width: 1280, height: 900, colorScheme: 'light' },
  { width: 1280, height: 900, colorScheme: 'dark' },
  { width: 390, height: 844, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
] as const)(
  'fits a page of $width pixels, in $colorScheme, and moves nothing when results come',
  async ({ width, height, colorScheme }) => {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme })
    try {
      const demo = new DemoPage(await context.newPage())
      await demo.open(server, { device: 'wasm', references: 100, steps: 10 })
      const places = await placesOf(demo)
      await demo.settled()
      expect(await placesOf(demo)).toEqual(places)
      const overflow = await demo.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow).toBeLessThanOrEqual(0)
      const file = path.join(folder, `demo-${String(width)}-${colorScheme}.png`)
      await demo.page.screenshot({ path: file, fullPage: true })
      expect(demo.errors).toEqual([])
    } finally {
      await context.close()
    }
  },
)

/** Where each section of the page begins and how high it is, in whole pixels. */
function placesOf({ page }: DemoPage): Promise<string[]> {
  return page.locator('.panel').evaluateAll((panels) =>
    panels.map((panel) => {
      const { top, height } = panel.getBoundingClientRect()
      return `${panel.getAttribute('class') ?? ''}: ${top.toFixed(0)}, ${height.toFixed(0)}`
    }),
  )
}
