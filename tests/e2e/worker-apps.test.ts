import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import type {} from 'gradlens/global'
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataFolder } from '../../scripts/data/data-folder.js'
import { readModel } from '../../scripts/train/model.js'
import { GradientSimilarity, IntegratedGradients } from '../../src/index.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'
import { useDevice } from '../support/devices/devices.js'
import { launchBrowser } from './launch-browser.js'
import { measureLongestTask } from './longest-task.js'
import { servePages } from './page-server.js'
import { waitUntilUnlocked } from './store-locks.js'
import { bundlers } from './worker-app/build.js'
import { classesOf, loss, picturesOf, question, training } from './worker-app/examples.js'
import type { Ranked } from './worker-app/scenarios.js'

/** What float32 sums differ by between two builds of TensorFlow.js's kernels, of the largest figure. */
const kernelTolerance = 1e-6
/** A task of that length delays a key press by less than people notice. */
const longestTaskMs = 50

let browser: Browser
let figures: Ranked
let storedScores: number[]

beforeAll(async () => {
  browser = await launchBrowser()
  await useDevice('wasm')
  const model = await readModel(new DataFolder('mnist'))
  const predictor = tfjsPredictor(model)
  using similarity = new GradientSimilarity(predictor, loss, { device: 'wasm' })
  await similarity.fit(training.x, training.y)
  const { scores } = await similarity.explain(question)
  using integrated = new IntegratedGradients(predictor, { device: 'wasm', nSteps: 10 })
  const { attributions } = await integrated.explain(question, { target: 3 })
  const session = await predictor.open('wasm', { allowSoftware: true })
  const outputs = await session.predict([question], {})
  session[Symbol.dispose]()
  figures = {
    scores: Array.from(scores.data),
    attributions: Array.from(attributions[0]!.data, Number),
    outputs: Array.from(outputs.data, Number),
  }
  await similarity.fit(picturesOf(400, 1), classesOf(400))
  storedScores = Array.from((await similarity.explain(question)).scores.data)
  model.dispose()
})

afterAll(() => browser.close())

function expectSame(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length)
  const scale = Math.max(...expected.map(Math.abs))
  const difference = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)))
  expect(difference / scale).toBeLessThan(kernelTolerance)
}

describe.each(Object.keys(bundlers))('a page built by %s, with its model in a worker', (name) => {
  const folder = mkdtempSync('node_modules/.worker-app-')
  let server: Awaited<ReturnType<typeof servePages>>
  let context: BrowserContext
  const errors: string[] = []

  beforeAll(async () => {
    await bundlers[name]!(path.resolve(folder))
    server = await servePages({
      '/app.html': `<!doctype html>
        <link rel="icon" href="data:," />
        <script type="module" src="/${folder}/page.js"></script>`,
    })
    context = await browser.newContext()
  })

  afterAll(async () => {
    await context.close()
    server.close()
    rmSync(folder, { recursive: true })
  })

  async function open(): Promise<Page> {
    const page = await context.newPage()
    page.on('pageerror', ({ message }) => errors.push(message))
    await page.goto(`${server.url}/app.html`)
    await page.waitForFunction(() => 'scenarios' in window)
    return page
  }

  it("never imports the worker's entry, which WebKit would run twice", () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    const entry = files.find((file) => /explain-worker.*\.js$/.test(file))!
    const scripts = files.filter((file) => file.endsWith('.js'))
    const importers = scripts.filter((file) =>
      new RegExp(`(?:from|import) *\\(?["'\`][^"'\`]*${path.basename(entry)}`).test(
        readFileSync(path.join(folder, file), 'utf8'),
      ),
    )
    expect(importers).toEqual([])
  })

  it('has the results of Node, without a long task in the page', async () => {
    let visited: Page | undefined
    const visit = async (): Promise<Page> => {
      await visited?.close()
      visited = await open()
      return visited
    }
    const longest = await measureLongestTask(browser, longestTaskMs, visit, async (page) => {
      const ranked = await page.evaluate(() => window.scenarios.explain())
      expectSame(ranked.scores, figures.scores)
      expectSame(ranked.attributions, figures.attributions)
      expectSame(ranked.outputs, figures.outputs)
    })
    expect(longest).toBeLessThan(longestTaskMs)
    await visited?.close()
  })

  it.each(['abort', 'errors', 'starts', 'dispose', 'together', 'pool'] as const)(
    'passes the scenario %s',
    async (scenario) => {
      const page = await open()
      await page.evaluate((each) => window.scenarios[each](), scenario)
      await page.close()
    },
  )

  it("resumes a fit into the worker's store after the page was closed", async () => {
    const first = await open()
    const reached = new Promise<void>((resolve) => {
      void first.exposeFunction('report', (done: number) => {
        if (done >= 160) resolve()
      })
    })
    await first.waitForFunction(() => 'report' in window)
    const cut = first.evaluate(() =>
      window.scenarios.fitStore((done) => {
        ;(window as unknown as { report(done: number): void }).report(done)
      }),
    )
    cut.catch(() => undefined)
    await reached
    await first.close()
    const second = await open()
    await waitUntilUnlocked(second)
    const { done, scores } = await second.evaluate(() => window.scenarios.fitStore())
    expect(done[0]).toBeGreaterThan(100)
    expect(done.at(-1)).toBe(400)
    expectSame(scores, storedScores)
    await second.close()
    expect(errors).toEqual([])
  })
})

/** A worker of one file: a classic one, since a worker has no import map. */
const classicWorker = (origin: string): string => `
  importScripts(
    '${origin}/node_modules/@tensorflow/tfjs/dist/tf.es2017.min.js',
    '${origin}/dist/wasm.global.js',
    '${origin}/dist/gradlens.global.js',
  )
  gradlens.exposeExplainers(self, async () =>
    gradlens.tfjsPredictor(await tf.loadLayersModel('${origin}/public/mnist/model.json')),
  )`

it('explains in a worker of a blob address, with classic scripts only', async () => {
  const server = await servePages({
    '/classic.html': `<!doctype html>
      <link rel="icon" href="data:," />
      <script src="/dist/gradlens.global.js"></script>`,
  })
  const page = await browser.newPage()
  try {
    await page.goto(`${server.url}/classic.html`)
    const { data, shape } = question
    const outputs = await page.evaluate(
      async ({ code, x }) => {
        const { gradlens } = window
        const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))
        const explainers = gradlens.connectExplainers(new Worker(address))
        const { data } = await explainers.predict({ ...x, data: Float32Array.from(x.data) })
        explainers.dispose()
        return Array.from(data, Number)
      },
      { code: classicWorker(server.url), x: { data: Array.from(data), shape } },
    )
    expectSame(outputs, figures.outputs)
  } finally {
    await page.close()
    server.close()
  }
})
