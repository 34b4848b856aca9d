import type { Page } from 'playwright'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DemoPage } from './demo-page.js'
import { chromiumWithoutWebGpu } from '../launch-browser.js'
import { measureLongestTask } from '../longest-task.js'
import { desktop, hostDemo, leave } from './hosted-demo.js'

const host = hostDemo()
let demo: DemoPage

beforeEach(async () => {
  demo = await host.visit()
})

afterEach(() => leave(demo))

/** The software adapter is about 200 times slower than wasm, so use the page's minimum of ten digits. */
const few = { references: 10, gradients: 'computed', steps: 2 } as const

/** In plain JavaScript, this work takes seconds on any machine, so it can be cancelled before it ends. */
const slow = { ...few, device: 'cpu' } as const

/** The page writes three significant digits; float32 sums in another order may move the last by one. */
const relativeTolerance = 0.01

interface Shown {
  readonly percentages: number[]
  readonly scores: number[]
  readonly labels: string[]
}

async function shown(): Promise<Shown> {
  const most = await demo.neighbours('most')
  const least = await demo.neighbours('least')
  return {
    percentages: await demo.percentages(),
    scores: [...most, ...least].map(({ score }) => score),
    labels: [...most, ...least].map(({ text }) => text),
  }
}

/** Its shaders are compiled for the CPU when they are first used; then a call takes seconds. */
const softwareAdapterTimeoutMs = 400_000

/** A page that answers within this seems to answer at once. */
const longestTaskMs = 100

function expectSame(actual: Shown, expected: Shown): void {
  expect(actual.labels).toEqual(expected.labels)
  expect(actual.percentages).toEqual(expected.percentages)
  const greatest = Math.max(...expected.scores.map(Math.abs))
  actual.scores.forEach((score, i) => {
    const difference = Math.abs(score - (expected.scores[i] ?? NaN))
    expect(difference).toBeLessThanOrEqual(relativeTolerance * greatest)
  })
}

describe('the demo on other devices', () => {
  test('shows on cpu what it shows on wasm', async () => {
    await demo.open({ ...few, device: 'wasm' })
    await demo.settled()
    const onWasm = await shown()
    await demo.page.selectOption('#device', 'cpu')
    await demo.settled()
    expect(await demo.text('.run-report')).toContain('Runs on plain JavaScript.')
    expectSame(await shown(), onWasm)
  })

  test(
    'shows and does the same on webgpu as on wasm',
    { timeout: softwareAdapterTimeoutMs },
    async () => {
      demo.page.setDefaultTimeout(softwareAdapterTimeoutMs)
      await demo.open({ ...few, device: 'wasm' })
      await demo.settled()
      const onWasm = await shown()
      await demo.page.selectOption('#device', 'webgpu')
      await demo.settled()
      expect(await demo.text('.run-report')).toContain('Runs on WebGPU.')
      expect(demo.page.url()).toContain('device=webgpu')
      expectSame(await shown(), onWasm)

      await demo.page.locator('gl-probabilities .row[aria-pressed="false"]').first().click()
      await demo.settled('attribution')
      await demo.page.getByRole('button', { name: 'Draw one' }).click()
      await demo.draw([
        [0.5, 0.1],
        [0.5, 0.9],
      ])
      await demo.settled()
      expect(await demo.verdict()).toMatch(/^The model says 1/)
      expect(await demo.caption('similarity')).toContain('The model says 1:')

      await demo.page.selectOption('#references', '1000')
      await demo.progress('similarity').locator('button', { hasText: 'Cancel' }).click()
      expect(await demo.progress('similarity').innerText()).toContain('Cancelled.')
    },
  )

  test('reports in place that a chosen device is missing, and works on another', async () => {
    const plain = await chromiumWithoutWebGpu()
    try {
      const page = new DemoPage(await plain.newPage(), host.server)
      await page.open({ ...few, device: 'webgpu' })
      for (const part of ['attribution', 'similarity'] as const) {
        await page.progress(part).locator('.failure', { hasText: 'webgpu: ' }).waitFor()
      }
      await page.page.selectOption('#device', 'auto')
      await page.settled()
      expect(await page.text('.run-report')).toMatch(/^Runs on WASM\. No WebGPU: ./)
      expect(page.errors).toEqual([])
    } finally {
      await plain.close()
    }
  })

  test('chooses wasm if WebGPU is only software, and gives the reason', async () => {
    await demo.open(few)
    await demo.settled()
    expect(await demo.text('.run-report')).toMatch(/^Runs on WASM\. No WebGPU: .*software/)
  })

  test('stops a fit when it is cancelled, and continues when it is asked to', async () => {
    await demo.open({ ...slow, references: 1000 })
    const progress = demo.progress('similarity')
    const cancel = progress.locator('button', { hasText: 'Cancel' })
    await progress.filter({ hasText: 'Computing the gradients of the training digits' }).waitFor()
    await cancel.click()
    expect(await progress.innerText()).toContain('Cancelled.')
    await demo.settled('answer', 'attribution')

    await demo.page.selectOption('#device', 'wasm')
    await demo.page.selectOption('#references', '100')
    await demo.settled('similarity')
    expect(await demo.text('.run-report')).toContain('gradients of 100 training digits')
    expect((await progress.innerText()).trim()).toBe('')
  })

  test('stops a long path when it is cancelled, and draws a shorter one', async () => {
    await demo.open({ ...slow, steps: 5000 })
    const progress = demo.progress('attribution')
    await progress.locator('button', { hasText: 'Cancel' }).click()
    expect(await progress.innerText()).toContain('Cancelled.')
    await demo.page.fill('#steps', '3')
    await demo.page.keyboard.press('Enter')
    await demo.settled()
    expect(await demo.text('.run-report')).toContain('3 steps took')
  })

  test('has no long task during a fit', async () => {
    await demo.page.setViewportSize(desktop)
    const open = async (): Promise<Page> => {
      await demo.open({ references: 10, device: 'wasm' })
      await demo.settled()
      return demo.page
    }
    const longest = await measureLongestTask(host.browser, longestTaskMs, open, async (page) => {
      await page.selectOption('#references', '300')
      await demo.settled('similarity')
    })
    expect(longest).toBeLessThan(longestTaskMs)
  })
})
