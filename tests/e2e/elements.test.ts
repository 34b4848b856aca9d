import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright'
import { beforeAll, expect, it } from 'vitest'
import {
  digitExplanation,
  reviewExplanation,
  reviewTokens,
} from '../support/elements/element-fixtures.js'
import { everyElementInEveryState } from '../support/elements/element-states.js'
import { readSample } from '../support/docs/read-sample.js'
import { show, strictPages } from './elements-page.js'
import { hostPages } from './hosted-pages.js'

/** Not tracked; there to be looked at. */
const folder = path.resolve(import.meta.dirname, '../../dist-screenshots')

const sample = readSample('docs/embedding/elements.md', 'element.html')
const host = hostPages({
  ...strictPages,
  '/guide.html': `<!doctype html>${sample.replaceAll('./node_modules/gradlens/', './')}`,
})

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
})

it('defines the element on the page of the guide', async () => {
  const page = await host.browser.newPage()
  const faults = faultsOf(page)
  await page.goto(`${host.url}/guide.html`)
  const size = await page.locator('gl-attribution-image:defined').boundingBox()
  expect(size!.height).toBeGreaterThan(20)
  expect(faults).toEqual([])
  await page.close()
})

/** What the page's policy refused, and what went wrong. */
function faultsOf(page: Page): string[] {
  const faults: string[] = []
  page.on('pageerror', ({ message }) => faults.push(message))
  page.on('console', (entry) => {
    if (entry.type() === 'error') faults.push(entry.text())
  })
  return faults
}

it.each([
  { width: 1280, height: 900, colorScheme: 'light' },
  { width: 1280, height: 900, colorScheme: 'dark' },
  { width: 390, height: 844, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
] as const)(
  'shows every element in every state on a page of $width pixels, in $colorScheme, under a strict policy',
  async ({ width, height, colorScheme }) => {
    const context = await host.browser.newContext({ viewport: { width, height }, colorScheme })
    try {
      const page = await context.newPage()
      const faults = faultsOf(page)
      await page.goto(`${host.url}/elements.html`)
      await show(page, everyElementInEveryState())
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow).toBeLessThanOrEqual(0)
      const file = path.join(folder, `elements-${width}-${colorScheme}.png`)
      // What is being dimmed is shown as it will be.
      await page.screenshot({ path: file, fullPage: true, animations: 'disabled' })
      expect(faults).toEqual([])
    } finally {
      await context.close()
    }
  },
)

it('saves what it shows through its menu, by the keyboard, under a strict policy', async () => {
  const page = await host.browser.newPage()
  try {
    const faults = faultsOf(page)
    await page.goto(`${host.url}/elements.html`)
    await show(page, [
      {
        title: 'saved',
        tag: 'gl-attribution-image',
        properties: { explanation: digitExplanation(), layout: 'overlay' },
        isWaiting: false,
      },
    ])
    const saved: string[] = []
    for (const [choice, begin] of [
      ['Image (PNG)', '\u0089PNG'],
      ['Drawing (SVG)', '<svg'],
      ['Table (CSV)', 'row,column,attribution'],
    ] as const) {
      await page.locator('gl-attribution-image summary').press('Enter')
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: choice }).press('Enter'),
      ])
      const content = readFileSync(await download.path()).toString('latin1')
      expect(content.startsWith(begin), choice).toBe(true)
      saved.push(download.suggestedFilename())
    }
    expect(saved).toEqual(['attribution.png', 'attribution.svg', 'attribution.csv'])
    expect(await page.locator('gl-attribution-image details[open]').count()).toBe(0)
    expect(faults).toEqual([])
  } finally {
    await page.close()
  }
})

it('has one stop of the Tab key', async () => {
  const page = await host.browser.newPage()
  try {
    await page.goto(`${host.url}/elements.html`)
    const explanation = reviewExplanation()
    const tokens = ['', '', ...reviewTokens]
    await show(page, [
      {
        title: 'text',
        tag: 'gl-attribution-text',
        properties: { explanation, tokens },
        isWaiting: false,
      },
    ])
    const focused = (): Promise<string> =>
      page.evaluate(() => {
        const inside = document.querySelector('gl-attribution-text')?.shadowRoot?.activeElement
        return inside?.textContent.trim() ?? ''
      })
    const stops: string[] = []
    for (const key of ['Tab', 'ArrowRight', 'ArrowRight', 'Tab', 'Shift+Tab']) {
      await page.keyboard.press(key)
      stops.push(await focused())
    }
    expect(stops).toEqual(['A', 'slow', 'start', 'Save', 'A'])
  } finally {
    await page.close()
  }
})
