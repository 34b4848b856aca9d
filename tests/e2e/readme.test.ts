import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readSample } from '../support/docs/read-sample.js'
import { launchBrowser } from './demo-page.js'
import { servePages } from './page-server.js'

/** The README's page. The package is the one that the build made. */
const html = readSample('README.md', 'index.html').replaceAll('./node_modules/gradlens/', './')

let browser: Browser
let server: Awaited<ReturnType<typeof servePages>>

beforeAll(async () => {
  server = await servePages({ '/readme.html': html })
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  server.close()
})

/**
 * The three points most similar to x by the cosine of their gradients, which are (p − y) ⊗ [a, b, 1]. Of two classes,
 * p − y is a multiple of [−1, 1]: its sign is the class, and its size cancels, so the weights don't matter.
 */
function findMostSimilar([a, b]: readonly [number, number]): string[] {
  return Array.from({ length: 100 }, (_, i): [number, number] => [
    (i % 10) / 9,
    Math.floor(i / 10) / 9,
  ])
    .filter((point) => point[0] > point[1] === a > b)
    .map((point) => {
      const product = a * point[0] + b * point[1] + 1
      return { point, cosine: product / Math.hypot(point[0], point[1], 1) }
    })
    .sort((p, q) => q.cosine - p.cosine)
    .slice(0, 3)
    .map(({ point }) => JSON.stringify(point))
}

it("explains on wasm with the README's page", async () => {
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (entry) => {
    if (entry.type() === 'error') errors.push(entry.text())
  })
  await page.goto(`${server.url}/readme.html`)
  await page
    .waitForFunction(() => document.querySelector('pre')?.textContent !== '', undefined, {
      timeout: 45_000,
    })
    .catch(() => errors.push('no result'))
  expect(errors).toEqual([])
  const [device, similar, attributions] = (await page.locator('pre').innerText()).split('\n')
  expect(device).toBe('Device: wasm')
  expect(similar).toBe(`Most similar training examples: ${findMostSimilar([0.9, 0.2]).join(' ')}`)
  // The model learns that a counts for 'a is greater than b', and b against it.
  const [forA, forB] = attributions!.replace('Attributions: ', '').split(' ').map(Number)
  expect(forA).toBeGreaterThan(0)
  expect(forB).toBeLessThan(0)
  await page.close()
})
