import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { hostPages } from './hosted-pages.js'

/** Not tracked; there to be looked at. */
const screenshots = path.resolve(import.meta.dirname, '../../dist-screenshots')

const file = (name: string): string => readFileSync(`demo/in-a-page/${name}`, 'utf8')
const host = hostPages({
  '/demo/in-a-page/classic-script.html': file('classic-script.html'),
  '/demo/in-a-page/modules.html': file('modules.html'),
})

beforeAll(() => {
  mkdirSync(screenshots, { recursive: true })
})

it.each([
  {
    name: 'classic-script.html',
    guide: 'script-tag.md',
    says: [
      /^\s*The model says rising \(/,
      /^\s*(The [a-z ]+ counts most (for|against) rising|No part of the picture stands out)/,
      /^\s*The model says rising: the five most similar training examples are all labelled rising\./,
    ],
  },
  {
    name: 'modules.html',
    guide: 'import-map.md',
    says: [/weight|power/, /^\s*The three most similar training examples are labelled \d+/],
  },
])('explains in $name as the repository and its guide have it', async ({ name, guide, says }) => {
  const page = await host.browser.newPage({ viewport: { width: 1280, height: 900 } })
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (entry) => {
    if (entry.type() === 'error') errors.push(entry.text())
  })
  await page.goto(`${host.url}/demo/in-a-page/${name}`)
  const captions = page.locator(':is(.verdict, figcaption):visible')
  for (const [i, sentence] of says.entries()) {
    await captions.nth(i).filter({ hasText: sentence }).waitFor({ timeout: 45_000 })
  }
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow).toBeLessThanOrEqual(0)
      const file = `in-a-page-${path.basename(name, '.html')}-${width}-${colorScheme}.png`
      await page.screenshot({ path: path.join(screenshots, file), fullPage: true })
    }
  }
  expect(errors).toEqual([])
  await page.close()
  expect(readFileSync(`docs/quick-start/${guide}`, 'utf8')).toContain(
    readFileSync(`demo/in-a-page/${name}`, 'utf8').trimEnd(),
  )
})
