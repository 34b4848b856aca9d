import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { DemoPage } from './demo-page.js'
import { desktop, hostDemo, leave } from './hosted-demo.js'
import { measureLongestTask } from '../longest-task.js'
import { expectAccessible, expectNoOverflow } from '../page-checks.js'

const root = path.resolve(import.meta.dirname, '../../..')
const screenshots = path.join(root, 'dist-screenshots')

/** This model computes for seconds what others compute in milliseconds, and on a busy machine for a minute. */
const patienceMs = 120_000
const testTimeoutMs = 300_000

/** Longer tasks delay what the visitor does. */
const longestTaskMs = 50

/** PyTorch's answer for chelsea.jpg, in percent, and its cosines by autograd in float64. */
const percentagesOfCat = [37.22, 33.1, 19.66, 2.68, 0.19]
const cosineOfCloserCat = 0.896
const cosineOfCloserCoffee = 0.854

const host = hostDemo([
  // A camera with a test picture.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
])
let context: BrowserContext
let demo: DemoPage

beforeAll(() => {
  mkdirSync(screenshots, { recursive: true })
})

beforeEach(async () => {
  demo = await host.visit({ viewport: desktop, serviceWorkers: 'allow' })
  context = demo.page.context()
  demo.page.setDefaultTimeout(patienceMs)
})

afterEach(() => leave(demo))

async function readAnswer(): Promise<{ names: string[]; percentages: number[] }> {
  const names = await demo.page.locator('gl-probabilities .label').allInnerTexts()
  return { names, percentages: await demo.percentages() }
}

/** Waits until the photo with this caption has its answer, its map and its similar photos. */
async function settled(caption: string): Promise<void> {
  await demo.page.locator('#question-caption', { hasText: caption }).waitFor()
  await demo.settled()
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
      await expectNoOverflow(demo.page)
      const file = path.join(screenshots, `photos-${width}-${colorScheme}.png`)
      await demo.page.screenshot({ path: file, fullPage: true })
    }
  }
  await expectAccessible(demo.page)
  await demo.page.setViewportSize(desktop)
}

test(
  'the camera is on only until the photo is taken, and a download can be cancelled',
  { timeout: testTimeoutMs },
  async () => {
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
    await demo.open({}, 'photos')
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

    // The ONNX Runtime with WebGPU is another one, and only the one for the device is loaded.
    const size = await demo.text('#load-size')
    expect(size).toMatch(/^24\sMB, once$/)
    await page.selectOption('#device', 'webgpu')
    expect(await demo.text('#load-size')).toMatch(/^36\sMB, once$/)
    expect(new URL(page.url()).search).toBe('?device=webgpu')
    const runtimes: string[] = []
    await context.route('**/ort-wasm-*.wasm', (route) => {
      runtimes.push(route.request().url())
    })
    await page.click('#load')
    await page.locator('#load-job', { hasText: 'efficientnet-lite0.onnx could not be' }).waitFor()
    expect(isLoaded).toBe(true)
    await context.unroute('**/*.onnx')
    await context.route('**/*.onnx', () => undefined)
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect.poll(() => runtimes.length, { timeout: patienceMs }).toBe(2)
    await page.locator('#load-job').getByRole('button', { name: 'Cancel' }).click()
    await page.locator('#load').waitFor()
    expect(runtimes.every((url) => url.includes('asyncify'))).toBe(true)
    await page.selectOption('#device', 'wasm')
    expect(await demo.text('#load-size')).toBe(size)
    expect(await demo.text('.verdict')).toBe('')
  },
)

test(
  'the photos page names the cat, maps it, ranks the others, and takes a file; offline too',
  { timeout: testTimeoutMs },
  async () => {
    const { page } = demo
    const requested: string[] = []
    context.on('request', (request) => requested.push(request.url()))
    await demo.open({}, 'photos')
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
    const reload = async (time: number): Promise<Page> => {
      if (time > 0) await demo.reload()
      return page
    }
    const longest = await measureLongestTask(host.browser, longestTaskMs, reload, async () => {
      await page.click('#load')
      await settled('Photo of a cat')
    })
    expect(longest).toBeLessThan(longestTaskMs)
    const cat = await readAnswer()
    expect(cat.names[0]).toBe('Egyptian cat')
    expect(cat.names).toHaveLength(5)
    for (const [i, percentage] of percentagesOfCat.entries()) {
      expect(Math.abs((cat.percentages[i] ?? 0) - percentage)).toBeLessThan(0.5)
    }
    expect(await demo.verdict()).toContain('The model says Egyptian cat (37')

    const mapped = 'gl-attribution-image .panel canvas >> nth=1'
    const map = await demo.canvas(mapped)
    expect(await demo.caption('attribution')).toMatch(/for Egyptian cat/)
    const [, sum = ''] = /sum to ([\d.]+)\./.exec(await demo.text('#attribution-delta')) ?? []
    expect(Number(sum)).toBeGreaterThan(1)
    const nearest = await demo.neighbours('most')
    expect(nearest).toHaveLength(5)
    expect(nearest[0]?.text).toMatch(/^the cat, closer model says Egyptian cat/)
    expect(Math.abs((nearest[0]?.score ?? 0) - cosineOfCloserCat)).toBeLessThan(0.02)
    const others = [...nearest.slice(1), ...(await demo.neighbours('least'))]
    for (const { text, score } of others) {
      // A photo is not compared with itself.
      expect(text).not.toMatch(/^a cat /)
      expect(Math.abs(score)).toBeLessThan(0.02)
    }
    expect(await demo.caption('similarity')).toContain('most similar photo is the cat, closer (0.')
    expect(await demo.text('.run-report')).toMatch(
      /^Runs on WASM\. The gradients of 12 photos took/,
    )
    await look()

    // The map of another class is another one.
    const facts = await demo.text('#attribution-delta')
    await page.locator('gl-probabilities .row').nth(1).click()
    await page.locator('#attribution-delta', { hasNotText: facts }).waitFor()
    await demo.settled()
    expect(await demo.canvas(mapped)).not.toBe(map)

    // One's own file: the same photo is the same answer, and like its reference above all.
    await page.setInputFiles('#file', path.join(root, 'public/photos/coffee.jpg'))
    await settled('Your photo')
    const ofFile = await demo.neighbours('most')
    expect(ofFile[0]).toMatchObject({ score: 1 })
    expect(ofFile[0]?.text).toMatch(/^a cup of coffee /)
    expect(ofFile[1]?.text).toMatch(/^the coffee, closer /)
    expect(Math.abs((ofFile[1]?.score ?? 0) - cosineOfCloserCoffee)).toBeLessThan(0.02)
    expect((await readAnswer()).names[0]).toBe('espresso')

    await page.setInputFiles('#file', path.join(root, 'package.json'))
    await page.locator('#question-caption', { hasText: 'not a picture' }).waitFor()

    // A map of many steps takes long enough to be cancelled on any machine.
    await page.fill('#steps', '500')
    await page.keyboard.press('Enter')
    await page.locator('#strip .thumb').nth(3).click()
    expect(new URL(page.url()).search).toBe('?steps=500&photo=3')
    const progress = demo.progress('attribution')
    await progress.getByRole('button', { name: 'Cancel' }).click()
    await progress.filter({ hasText: 'Cancelled' }).waitFor()

    // What was loaded once is there without the server, and the address leads to a photo.
    const { server } = host
    const code = requested.filter((url) => url.startsWith(`${server.url}assets/`))
    await demo.cached([...code, ...server.files('photos').map((file) => server.url + file)])
    await server.close()
    await demo.open({ photo: 1, steps: 4 }, 'photos')
    await page.click('#load')
    await settled('Photo of a cup of coffee')
    expect((await readAnswer()).names[0]).toBe('espresso')
  },
)

declare global {
  interface Window {
    /** The tracks of each camera that the page has opened. */
    cameraTracks?: MediaStreamTrack[]
  }
}
