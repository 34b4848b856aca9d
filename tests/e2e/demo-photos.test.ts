import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { AxeResults } from 'axe-core'
import type { Browser, BrowserContext } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { DemoPage, launchBrowser } from './demo-page.js'
import { serveDemo, type DemoServer } from './demo-server.js'

const root = path.resolve(import.meta.dirname, '../..')
const screenshots = path.join(root, 'dist-screenshots')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** PyTorch's answer for chelsea.jpg, in percent, and its cosines by autograd in float64. */
const percentagesOfCat = [37.22, 33.1, 19.66, 2.68, 0.19]
const cosineOfCloserCat = 0.896
const cosineOfCloserCoffee = 0.854

let browser: Browser
let server: DemoServer
let context: BrowserContext
let demo: DemoPage

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true })
  server = await serveDemo()
  // A camera with a test picture.
  browser = await launchBrowser([
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
  ])
})

afterAll(async () => {
  await browser.close()
  await server.close()
})

beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  demo = new DemoPage(await context.newPage())
})

afterEach(async () => {
  await context.close()
  // A breach of the content security policy would be among them.
  expect(demo.errors).toEqual([])
})

/** The file names and the cosines of the reference photos, as they are listed. */
async function readRanking(): Promise<{ file: string; score: number }[]> {
  const photos = await demo.page.locator('.ranked-photo').all()
  return Promise.all(
    photos.map(async (photo) => ({
      file: (await photo.locator('img').getAttribute('src')) ?? '',
      score: Number((await photo.locator('.cosine').innerText()).replace('\u2212', '-')),
    })),
  )
}

async function readAnswer(): Promise<{ names: string[]; percentages: number[] }> {
  const rows = demo.page.locator('#answer [part~="row"]')
  const names = (await rows.allInnerTexts()).map((text) => text.split('\n')[0] ?? '')
  return { names, percentages: await demo.percentages() }
}

/** Takes pictures in both themes at both widths, and checks that nothing overflows and axe finds nothing. */
async function look(): Promise<void> {
  for (const [width, height] of [
    [1280, 900],
    [390, 844],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await demo.page.setViewportSize({ width, height })
      await demo.page.emulateMedia({ colorScheme })
      const overflow = await demo.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow).toBeLessThanOrEqual(0)
      const file = path.join(screenshots, `photos-${width}-${colorScheme}.png`)
      await demo.page.screenshot({ path: file, fullPage: true })
    }
  }
  await demo.page.evaluate(axe)
  const { violations } = await demo.page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  )
  expect(violations.map(({ id, nodes }) => `${id}: ${String(nodes[0]?.html)}`)).toEqual([])
  await demo.page.setViewportSize({ width: 1280, height: 900 })
}

test('the camera is on only until the photo is taken, and a download can be cancelled', async () => {
  const { page } = demo
  await page.addInitScript(() => {
    const { mediaDevices } = navigator
    const open = mediaDevices.getUserMedia.bind(mediaDevices)
    mediaDevices.getUserMedia = async (constraints) => {
      const stream = await open(constraints)
      window.cameraTracks = [...(window.cameraTracks ?? []), ...stream.getTracks()]
      return stream
    }
  })
  const readTracks = (): Promise<string[]> =>
    page.evaluate(() => (window.cameraTracks ?? []).map(({ readyState }) => readyState))
  let isLoaded = false
  await context.route('**/*.onnx', async (route) => {
    isLoaded = true
    await route.abort()
  })
  await demo.open(server, {}, 'photos')
  await page.locator('#strip .thumb').nth(11).waitFor()
  const cat = await demo.canvas('#picture')

  await page.click('#camera')
  await page.waitForFunction(
    () => (document.querySelector<HTMLVideoElement>('#camera-video')?.videoWidth ?? 0) > 0,
  )
  expect(await readTracks()).toEqual(['live'])
  await page.click('#camera-stop')
  expect(await readTracks()).toEqual(['ended'])
  expect(await demo.canvas('#picture')).toBe(cat)

  await page.click('#camera')
  await page.waitForFunction(
    () => (document.querySelector<HTMLVideoElement>('#camera-video')?.videoWidth ?? 0) > 0,
  )
  await page.click('#shoot')
  await page.locator('#question-caption', { hasText: 'Your photo' }).waitFor()
  expect(await readTracks()).toEqual(['ended', 'ended'])
  expect(await demo.canvas('#picture')).not.toBe(cat)
  expect(await page.locator('#camera-video').isVisible()).toBe(false)

  await page.click('#load')
  await page.locator('#load-job', { hasText: 'efficientnet-lite0.onnx could not be' }).waitFor()
  expect(isLoaded).toBe(true)
  await context.unroute('**/*.onnx')
  await context.route('**/*.onnx', () => undefined)
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.locator('#load-job', { hasText: 'Cancelled' }).waitFor()
  expect(await page.locator('#answer').getAttribute('data-stale')).toBe('')
})

/** Waits until the classes of the photo are shown. */
async function waitForAnswer(): Promise<void> {
  await demo.page.waitForFunction(() => {
    const answer = document.querySelector('gl-probabilities')
    return answer?.hasAttribute('data-stale') === false && answer.state === 'ready'
  })
}

test('the photos page names the cat, maps it, ranks the others, and takes a file; offline too', async () => {
  const { page } = demo
  const requested: string[] = []
  context.on('request', (request) => requested.push(request.url()))
  await demo.open(server, {}, 'photos')
  await page.locator('#strip .thumb').nth(11).waitFor()
  expect(requested.filter((url) => /\.onnx|onnx.*\.wasm|ort-wasm/.test(url))).toEqual([])
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready
    if (navigator.serviceWorker.controller !== null) return
    await new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true })
    })
  })

  await page.screenshot({ path: path.join(screenshots, 'photos-start.png'), fullPage: true })
  await page.click('#load')
  await waitForAnswer()
  const cat = await readAnswer()
  expect(cat.names[0]).toBe('Egyptian cat')
  expect(cat.names).toHaveLength(5)
  for (const [i, percentage] of percentagesOfCat.entries()) {
    expect(Math.abs((cat.percentages[i] ?? 0) - percentage)).toBeLessThan(0.5)
  }

  await page.waitForFunction(() => {
    const isDone = (id: string): boolean =>
      document.querySelector(id)?.hasAttribute('data-stale') === false
    return isDone('#attribution') && isDone('#similar')
  })
  const map = await demo.canvas('#attribution .panel canvas >> nth=1')
  expect(await demo.text('#attribution figcaption')).toMatch(/for Egyptian cat/)
  const [, sum = ''] = /sum to ([\d.]+),/.exec(await demo.text('#attribution-delta')) ?? []
  expect(Number(sum)).toBeGreaterThan(1)
  const ranking = await readRanking()
  expect(ranking).toHaveLength(11)
  expect(ranking.map(({ file }) => file)).not.toContain('./photos/chelsea.jpg')
  const scores = ranking.map(({ score }) => score)
  expect(scores).toEqual(scores.toSorted((a, b) => b - a))
  expect(ranking[0]?.file).toBe('./photos/chelsea-close.jpg')
  expect(Math.abs((scores[0] ?? 0) - cosineOfCloserCat)).toBeLessThan(0.02)
  for (const score of scores.slice(1)) expect(Math.abs(score)).toBeLessThan(0.02)
  await look()

  // The map of another class is another one.
  await page.locator('#answer [part~="row"]').nth(1).click()
  await page.waitForFunction(
    (before) => {
      const shown = document.querySelector('#attribution-delta')
      return shown?.hasAttribute('data-stale') === false && shown.textContent !== before
    },
    await page.locator('#attribution-delta').textContent(),
  )
  expect(await demo.canvas('#attribution .panel canvas >> nth=1')).not.toBe(map)

  // One's own file: the same photo is the same answer, and like its reference above all.
  await page.setInputFiles('#file', path.join(root, 'public/photos/coffee.jpg'))
  await page.locator('#question-caption', { hasText: 'Your photo' }).waitFor()
  await page.locator('#similar:not([data-stale]) .ranked-photo >> nth=11').waitFor()
  const ofFile = await readRanking()
  expect(ofFile[0]).toEqual({ file: './photos/coffee.jpg', score: 1 })
  expect(ofFile[1]?.file).toBe('./photos/coffee-close.jpg')
  expect(Math.abs((ofFile[1]?.score ?? 0) - cosineOfCloserCoffee)).toBeLessThan(0.02)
  expect((await readAnswer()).names[0]).toBe('espresso')

  await page.setInputFiles('#file', path.join(root, 'package.json'))
  await page.locator('#question-caption', { hasText: 'not a picture' }).waitFor()

  // A new map takes its time, and can be cancelled.
  await page.locator('#strip .thumb').nth(3).click()
  await page.locator('#attribution-job').getByRole('button', { name: 'Cancel' }).click()
  await page.locator('#attribution-job', { hasText: 'Cancelled' }).waitFor()

  // What was loaded once is there without the server.
  await server.close()
  await demo.open(server, {}, 'photos')
  await page.click('#load')
  await waitForAnswer()
  expect(await readAnswer()).toEqual(cat)
})

declare global {
  interface Window {
    /** The tracks of each camera that the page has opened. */
    cameraTracks?: MediaStreamTrack[]
  }
}
