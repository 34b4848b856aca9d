import { expect, it } from 'vitest'
import { readSample } from '../support/docs/read-sample.js'
import { hostPages } from './hosted-pages.js'
import { findMostSimilar } from './similar-points.js'

/** The README's page. The package is the one that the build made. */
const html = readSample('README.md', 'index.html').replaceAll('./node_modules/gradlens/', './')

const host = hostPages({ '/readme.html': html })

it("explains on wasm with the README's page", async () => {
  const page = await host.browser.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (entry) => {
    if (entry.type() === 'error') errors.push(entry.text())
  })
  await page.goto(`${host.url}/readme.html`)
  await page
    .waitForFunction(() => document.querySelector('pre')?.textContent !== '', undefined, {
      timeout: 45_000,
    })
    .catch(() => errors.push('no result'))
  expect(errors).toEqual([])
  const similarPoints = findMostSimilar([0.9, 0.2]).map((point) => JSON.stringify(point))
  const [device, similar, attributions] = (await page.locator('pre').innerText()).split('\n')
  expect(device).toBe('Device: wasm')
  expect(similar).toBe(`Most similar training examples: ${similarPoints.join(' ')}`)
  // The model learns that a counts for 'a is greater than b', and b against it.
  const [forA, forB] = attributions!.replace('Attributions: ', '').split(' ').map(Number)
  expect(forA).toBeGreaterThan(0)
  expect(forB).toBeLessThan(0)
  await page.close()
})
