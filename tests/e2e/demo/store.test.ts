import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DemoPage } from './demo-page.js'
import { hostDemo, leave } from './hosted-demo.js'

const host = hostDemo()
let demo: DemoPage
/** Errors that a test provokes itself. */
let expectedErrors: RegExp[]

beforeEach(async () => {
  expectedErrors = []
  demo = await host.visit()
})

afterEach(() => leave(demo, expectedErrors))

const quick = { device: 'wasm', steps: 5 } as const

test('answers the first question from stored gradients without a fit, and from exact ones on request', async () => {
  const requested: string[] = []
  demo.page.on('request', (request) => requested.push(request.url()))
  await demo.open(quick)
  await demo.settled()
  expect(await demo.text('.run-report')).toMatch(/gradients of 1,000 training digits took/)
  const stored = await demo.text('#store-report')
  expect(stored).toMatch(
    /training digits are stored with this page \(943\skB\), projected from 10,900 to 432/,
  )
  expect(stored).toMatch(
    /find \d\d\.\d\s% of the 10 most similar training digits by exact gradients/,
  )
  const chunks = requested.filter((url) => /gradients\.zarr\/segment-\d+-\w+\/c\.1/.test(url))
  expect(chunks).toHaveLength(10)
  const estimated = await labelsAndNumbers()

  // Another question finds them there.
  await demo.page.locator('.thumb').nth(3).click()
  await demo.settled()
  expect(requested.filter((url) => /gradients\.zarr\/segment-\d+-\w+\/c\.1/.test(url))).toEqual(
    chunks,
  )
  await demo.page.locator('.thumb').nth(0).click()
  await demo.settled()

  await demo.page.selectOption('#gradients', 'computed')
  await demo.settled('similarity')
  expect(demo.page.url()).toContain('gradients=computed')
  expect(await demo.text('.run-report')).toMatch(
    /The gradients of 1,000 training digits took [\d.]+\sm?s and 44\sMB\. Comparing/,
  )
  const exact = await labelsAndNumbers()
  expect(exact.filter((text) => estimated.includes(text)).length).toBeGreaterThanOrEqual(3)
})

test("computes the gradients if the stored ones can't be read, and gives the reason", async () => {
  expectedErrors = [/404/]
  await demo.page.route('**/gradients.json', (route) => route.fulfill({ status: 404 }))
  await demo.open(quick)
  await demo.settled()
  const report = await demo.text('#store-report')
  expect(report).toContain('were computed in this page, and the scores are exact')
  expect(report).toMatch(
    /The stored gradients could not be used: mnist\/gradients\.json could not be loaded: the server responded with 404/,
  )
})

/** Of the five most similar digits, without their scores. */
async function labelsAndNumbers(): Promise<string[]> {
  const most = await demo.neighbours('most')
  return most.map(({ text }) => /no\. \d+/.exec(text)?.[0] ?? text)
}
