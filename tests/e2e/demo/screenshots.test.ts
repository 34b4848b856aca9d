import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { expectAccessible, expectNoOverflow } from '../page-checks.js'
import type { PageName } from './demo-page.js'
import { desktop, hostDemo, leave } from './hosted-demo.js'

/** Not tracked; there to be looked at. */
const folder = path.resolve(import.meta.dirname, '../../../dist-screenshots')

const host = hostDemo()

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
})

const pages: readonly PageName[] = ['index', 'garments', 'reviews', 'cars', 'photos']
const phone = { width: 390, height: 844 }

test.each(
  pages.flatMap((name) => [
    { name, ...desktop, colorScheme: 'light' as const },
    { name, ...phone, colorScheme: 'dark' as const },
  ]),
)(
  'the page $name fits $width pixels, in $colorScheme, shifts little, and passes axe',
  async ({ name, width, height, colorScheme }) => {
    const demo = await host.visit({ viewport: { width, height }, colorScheme })
    await demo.page.addInitScript(recordShifts)
    await demo.open({ device: 'wasm', references: 60, steps: 5 }, name)
    // The model of the page Photos is loaded when the user asks for it.
    if (name === 'photos') await demo.page.locator('#strip .thumb').nth(11).waitFor()
    else await demo.settled()
    expect(await demo.page.evaluate(() => window.layoutShift)).toBeLessThan(0.1)
    await expectNoOverflow(demo.page)
    const file = path.join(folder, `${name}-${width}-${colorScheme}.png`)
    await demo.page.screenshot({ path: file, fullPage: true })
    await expectAccessible(demo.page)
    await leave(demo)
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
