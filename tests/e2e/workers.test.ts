import type * as tfjs from '@tensorflow/tfjs'
import type {} from 'gradlens/global'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from './launch-browser.js'
import { servePages } from './page-server.js'

interface PageWindow {
  readonly tf: typeof tfjs
  readonly gradlens: Window['gradlens']
}

const tensorflow = '/node_modules/@tensorflow'

/** A page with classic scripts, whose gradlens comes from `origin`. */
const page = (origin: string, policy: string): string => `<!doctype html>
  <link rel="icon" href="data:," />
  <meta http-equiv="Content-Security-Policy" content="${policy}" />
  <script src="${tensorflow}/tfjs/dist/tf.min.js"></script>
  <script src="${origin}/dist/wasm.global.js"></script>
  <script src="${origin}/dist/gradlens.global.js"></script>`

let browser: Browser
let scripts: Awaited<ReturnType<typeof servePages>>

beforeAll(async () => {
  scripts = await servePages({})
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  scripts.close()
})

interface Outcome {
  readonly workerCount: number
  readonly fallbackReason: string | null
  readonly indices: readonly number[]
}

/** Ranks three examples by the gradients of f(x) = 2x₁ − x₂ + ½. */
async function rankOn(policy: string): Promise<Outcome> {
  const server = await servePages({ '/page.html': page(scripts.url, policy) })
  const opened = await browser.newPage()
  let workerCount = 0
  opened.on('worker', () => (workerCount += 1))
  try {
    await opened.goto(`${server.url}/page.html`)
    const outcome = await opened.evaluate(async () => {
      const { tf, gradlens } = window as unknown as PageWindow
      await tf.setBackend('cpu')
      const weights = [tf.tensor2d([[2], [-1]]), tf.tensor1d([0.5])]
      const model = tf.sequential({
        layers: [tf.layers.dense({ units: 1, inputShape: [2], weights })],
      })
      const predictor = gradlens.tfjsPredictor(model)
      const explainer = new gradlens.GradientSimilarity(predictor, 'meanSquaredError', {
        device: 'wasm',
      })
      const train = tf.tensor2d([
        [1, 0],
        [0, 1],
        [1, 1],
      ])
      await explainer.fit(train, [[0], [0], [0]])
      const { orderedIndices } = await explainer.explain([[1, 0]], [[0]])
      const { fallbackReason } = explainer
      explainer.dispose()
      return { fallbackReason, indices: Array.from(orderedIndices.data, Number) }
    })
    return { workerCount, ...outcome }
  } finally {
    await opened.close()
    server.close()
  }
}

it('compares gradients in workers, also if the script comes from another origin', async () => {
  const { workerCount, fallbackReason, indices } = await rankOn('object-src *')
  expect(indices).toEqual([0, 2, 1])
  expect(fallbackReason).toBeNull()
  expect(workerCount).toBeGreaterThan(0)
})

it('compares them in the page if the content security policy refuses workers, and gives the reason', async () => {
  const { workerCount, fallbackReason, indices } = await rankOn("worker-src 'none'")
  expect(indices).toEqual([0, 2, 1])
  expect(fallbackReason).toMatch(/one thread.*workers cannot be started.*content security policy/)
  expect(workerCount).toBe(0)
})
