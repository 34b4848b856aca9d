import type { Browser, BrowserContext } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DemoPage, launchBrowser } from './demo-page.js'
import { serveDemo, type DemoServer } from './demo-server.js'

let browser: Browser
let server: DemoServer
let context: BrowserContext
let demo: DemoPage

beforeAll(async () => {
  server = await serveDemo()
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  await server.close()
})

beforeEach(async () => {
  context = await browser.newContext()
  demo = new DemoPage(await context.newPage())
})

afterEach(async () => {
  await context.close()
  expect(demo.errors).toEqual([])
})

/** The software adapter is some 200 times slower than wasm: ten digits are the fewest that the page takes. */
const few = { references: 10, steps: 2 } as const

/** The page writes three significant digits; float32 sums in another order may move the last by one. */
const relativeTolerance = 0.01

interface Shown {
  readonly percentages: number[]
  readonly scores: number[]
  readonly labels: string[]
  readonly delta: string
}

async function shown(): Promise<Shown> {
  const most = await demo.neighbours('most')
  const least = await demo.neighbours('least')
  return {
    percentages: await demo.percentages(),
    scores: [...most, ...least].map(({ score }) => score),
    labels: [...most, ...least].map(({ text }) => text),
    delta: await demo.text('#attribution-delta'),
  }
}

describe('the demo on other devices', () => {
  test('shows on cpu and webgpu what it shows on wasm, when the device is switched, and works there', async () => {
    await demo.open(server, { ...few, device: 'wasm' })
    await demo.settled()
    const onWasm = await shown()

    for (const [device, name] of [
      ['cpu', 'plain JavaScript'],
      ['webgpu', 'WebGPU'],
    ] as const) {
      await demo.page.selectOption('#device', device)
      await demo.settled()
      expect(await demo.text('#machine-device')).toBe(`Runs on ${name}.`)
      const onDevice = await shown()
      expect(onDevice.labels).toEqual(onWasm.labels)
      expect(onDevice.percentages).toEqual(onWasm.percentages)
      onDevice.scores.forEach((score, i) => {
        const expected = onWasm.scores[i] ?? NaN
        expect(Math.abs(score - expected)).toBeLessThanOrEqual(
          relativeTolerance * Math.max(...onWasm.scores.map(Math.abs)),
        )
      })
      expect(onDevice.delta.slice(0, 60)).toBe(onWasm.delta.slice(0, 60))
    }
    expect(demo.page.url()).toContain('device=webgpu')

    // And works there as it does elsewhere: choose, draw, cancel.
    await demo.page.locator('.probability[aria-pressed="false"]').first().click()
    await demo.settled('attribution')
    await demo.page.getByRole('button', { name: 'Draw one' }).click()
    await demo.draw([
      [0.5, 0.1],
      [0.5, 0.9],
    ])
    await demo.settled()
    expect(await demo.text('#answer-caption')).toMatch(/^The model says 1/)
    expect(await demo.text('#most-caption')).toContain('for the answer 1')
    await demo.page.selectOption('#references', '1000')
    await demo.page.locator('#similarity-job button', { hasText: 'Cancel' }).click()
    expect(await demo.text('#similarity-job')).toContain('Cancelled.')
  })

  test('takes wasm by itself where WebGPU is only software, and says why', async () => {
    await demo.open(server, few)
    await demo.settled()
    expect(await demo.text('#machine-device')).toMatch(/^Runs on WASM\. No WebGPU: .*software/)
  })

  test('answers while it goes through the training digits', async () => {
    await demo.page.setViewportSize({ width: 1280, height: 900 })
    await demo.open(server, { references: 300, device: 'wasm' })
    await demo.settled('answer', 'attribution')
    const bar = demo.page.locator('#similarity-job progress')
    await bar.waitFor()
    const { frames, longestGapMs } = await framesUntilSettled(demo)
    expect(frames).toBeGreaterThan(10)
    expect(longestGapMs).toBeLessThan(longestAllowedGapMs)
  })
})

/** A page that answers within this seems to answer at once. */
const longestAllowedGapMs = 100

/** How often the page drew while the fit ran, and the longest it took from one frame to the next. */
function framesUntilSettled({ page }: DemoPage): Promise<{ frames: number; longestGapMs: number }> {
  return page.evaluate(async () => {
    const results = document.querySelector('#neighbours')
    let frames = 0
    let longestGapMs = 0
    let last = await new Promise<number>(requestAnimationFrame)
    while (results?.hasAttribute('data-stale')) {
      const now = await new Promise<number>(requestAnimationFrame)
      longestGapMs = Math.max(longestGapMs, now - last)
      last = now
      frames++
    }
    return { frames, longestGapMs }
  })
}
