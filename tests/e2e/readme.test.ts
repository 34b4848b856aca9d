import { readFileSync } from 'node:fs'
import * as tf from '@tensorflow/tfjs'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from './demo-page.js'

let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
})

/** A model of four classes that says k where the k-th number stands out, as files that a page can load. */
async function modelFiles(): Promise<Record<string, Buffer>> {
  await tf.setBackend('cpu')
  const weights = [tf.mul(tf.eye(4), 2), tf.zeros([4])]
  const model = tf.sequential({
    layers: [tf.layers.dense({ units: 4, inputShape: [4], activation: 'softmax', weights })],
  })
  const files: Record<string, Buffer> = {}
  await model.save(
    tf.io.withSaveHandler(({ modelTopology, weightSpecs, weightData }) => {
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }]
      files['/model.json'] = Buffer.from(JSON.stringify({ modelTopology, weightsManifest }))
      files['/weights.bin'] = Buffer.from(weightData as ArrayBuffer)
      return Promise.resolve({
        modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' },
      })
    }),
  )
  return files
}

/** float32 through the page's backend, for numbers of order 1. */
const decimals = 5

it("explains with the lines of the README's example as they stand there", async () => {
  const html = /```html\n([^]*?)```/.exec(readFileSync('README.md', 'utf8'))?.[1]
  const files: Record<string, Buffer> = {
    '/': Buffer.from(`<!doctype html><link rel="icon" href="data:," />${html!}`),
    '/tf.min.js': readFileSync('node_modules/@tensorflow/tfjs/dist/tf.min.js'),
    '/gradlens.global.js': readFileSync('dist/gradlens.global.js'),
    ...(await modelFiles()),
  }
  const page = await browser.newPage()
  await page.route('http://localhost/**', (route) => {
    const body = files[new URL(route.request().url()).pathname]
    return body === undefined ? route.fulfill({ status: 404 }) : route.fulfill({ body })
  })
  await page.addInitScript(() => {
    const oneHot = [0, 1, 2, 3].map((k) => [0, 1, 2, 3].map((i) => (i === k ? 1 : 0)))
    Object.assign(window, {
      xTrain: oneHot,
      yTrain: oneHot,
      x: [[0, 0, 0, 1]],
      show: (...shown: { data?: Iterable<number> }[]) => Object.assign(window, { shown }),
    })
  })
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  await page.goto('http://localhost/')
  await page.waitForFunction(() => 'shown' in window)

  const result = await page.evaluate(() => {
    const { shown } = window as unknown as {
      shown: [NdArrayLike, NdArrayLike, NdArrayLike, NdArrayLike[], NdArrayLike]
    }
    interface NdArrayLike {
      readonly data: ArrayLike<number>
    }
    const [scores, orderedIndices, mostSimilar, [attribution], deltas] = shown
    return {
      bestScore: scores.data[0],
      order: Array.from(orderedIndices.data),
      mostSimilar: Array.from(mostSimilar.data).slice(0, 4),
      attribution: Array.from(attribution!.data),
      delta: deltas.data[0],
    }
  })
  // x is a training example itself: its own gradient is the most like it, then the others, equally, by index.
  expect(result.bestScore).toBeCloseTo(1, decimals)
  expect(result.order).toEqual([3, 0, 1, 2])
  expect(result.mostSimilar).toEqual([0, 0, 0, 1])
  // What is not there gets nothing; what is gets F(x) − F(0), but for the quadrature's error.
  expect(result.attribution.slice(0, 3).map(Math.abs)).toEqual([0, 0, 0])
  expect(result.attribution[3]).toBeCloseTo(Math.exp(2) / (Math.exp(2) + 3) - 1 / 4, decimals)
  expect(result.delta).toBeCloseTo(0, decimals)
  expect(errors).toEqual([])
  await page.close()
})
