import path from 'node:path'
import type * as tfjs from '@tensorflow/tfjs'
import type {} from 'gradlens/global'
import type { Page } from 'playwright'
import { expect, it } from 'vitest'
import { hostPages } from './hosted-pages.js'

const tensorflow = '/node_modules/@tensorflow'
const start = '<!doctype html><link rel="icon" href="data:," />'

/** A page that finds TensorFlow.js and gradlens with an import map. */
const modules = (imports: string): string => `${start}
  <script type="importmap">{ "imports": {
    "@tensorflow/tfjs": "${tensorflow}/tfjs/dist/tf.fesm.min.js",
    "gradlens/bundle": "/dist/gradlens.bundle.js",
    "gradlens/wasm": "/dist/wasm.js",
    "gradlens/webgpu": "/dist/webgpu.js"
  } }</script>
  <script type="module">
    import * as tf from '@tensorflow/tfjs'
    import * as gradlens from 'gradlens/bundle'
    ${imports}
    Object.assign(window, { tf, gradlens })
  </script>`

const scripts = (...names: string[]): string =>
  [`${tensorflow}/tfjs/dist/tf.es2017.min.js`, '/dist/gradlens.global.js', ...names]
    .map((file) => `<script src="${file}"></script>`)
    .join('')

const imports = "import 'gradlens/wasm'; import 'gradlens/webgpu'"
const globals = ['/dist/wasm.global.js', '/dist/webgpu.global.js']
const ownWasm = `${tensorflow}/tfjs-backend-wasm/dist/tf-backend-wasm.min.js`
const withPolicy = (sources: string): string =>
  `${start}<meta http-equiv="Content-Security-Policy" content="script-src ${sources}" />`

const pages = {
  '/without.html': modules(''),
  // Twice, as two copies of the package on one page would.
  '/modules.html': modules(`${imports}; import '/dist//wasm.js'; import '/dist//webgpu.js'`),
  '/scripts.html': `${start}${scripts(...globals, ...globals)}`,
  '/own-before.html': `${start}${scripts(ownWasm, ...globals)}`,
  '/own-after.html': `${start}${scripts(...globals, ownWasm)}`,
  '/strict.html': `${withPolicy("'self'")}${scripts(...globals)}`,
  '/wasm-allowed.html': `${withPolicy("'self' 'wasm-unsafe-eval'")}${scripts(...globals)}`,
  '/empty.html': start,
}

const host = hostPages(pages)

interface PageWindow {
  readonly tf: typeof tfjs
  readonly gradlens: Window['gradlens']
}

/** Whatever the console of the page shows, and errors that nothing caught. */
async function open(name: keyof typeof pages): Promise<{ page: Page; messages: string[] }> {
  const page = await host.browser.newPage()
  const messages: string[] = []
  page.on('pageerror', ({ message }) => messages.push(message))
  page.on('console', (entry) => messages.push(`${entry.type()}: ${entry.text()}`))
  await page.goto(`${host.url}${name}`)
  await page.waitForFunction(() => 'gradlens' in window && 'tf' in window)
  return { page, messages }
}

/** Trains a convolutional model, explains it, and trains it again. */
function trainExplainTrain(page: Page, device: 'auto' | 'wasm'): Promise<Record<string, unknown>> {
  return page.evaluate(async (device) => {
    const { tf, gradlens } = window as unknown as PageWindow
    await tf.ready()
    const before = tf.getBackend()
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [6, 6, 1], filters: 2, kernelSize: 3, activation: 'tanh' }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    })
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' })
    const x = tf.randomUniform([8, 6, 6, 1], 0, 1, 'float32', 1)
    const y = tf.oneHot([0, 1, 0, 1, 0, 1, 0, 1], 2)
    await model.fit(x, y, { epochs: 1 })
    const explainer = new gradlens.GradientSimilarity(
      gradlens.tfjsPredictor(model),
      'categoricalCrossentropy',
      { device, simFn: 'grad_cos' },
    )
    await explainer.fit(x, y)
    const { scores, orderedIndices } = await explainer.explain(x.slice(3, 1), y.slice(3, 1))
    await model.fit(x, y, { epochs: 1 })
    return {
      before,
      after: tf.getBackend(),
      device: explainer.device,
      // An example is most similar to itself.
      best: [orderedIndices.data[0], Math.round(scores.data[0]! * 1e4) / 1e4],
    }
  }, device)
}

it.each(['/modules.html', '/scripts.html'] as const)(
  "explains on wasm, and doesn't change the page's default backend and training, on %s",
  async (name) => {
    const without = await open('/without.html')
    const usual = await without.page.evaluate(async () => {
      const { tf } = window as unknown as PageWindow
      await tf.ready()
      return tf.getBackend()
    })
    await without.page.close()
    const { page, messages } = await open(name)
    expect(await trainExplainTrain(page, 'auto')).toEqual({
      before: usual,
      after: usual,
      device: 'wasm',
      best: [3, 1],
    })
    expect(messages).toEqual([])
    await page.close()
  },
)

it('keeps a wasm backend that the page has registered before, with its priority', async () => {
  const { page, messages } = await open('/own-before.html')
  const priorities = await page.evaluate(() => {
    const { tf } = window as unknown as PageWindow
    const { registryFactory } = tf.engine() as unknown as {
      registryFactory: Record<string, { priority: number }>
    }
    return Object.fromEntries(
      Object.entries(registryFactory).map(([backend, { priority }]) => [backend, priority]),
    )
  })
  expect(priorities).toMatchObject({ wasm: 2, webgpu: 0 })
  expect(messages).toEqual([])
  await page.close()
})

it("explains if the page registers TensorFlow.js's own wasm backend afterwards", async () => {
  const { page, messages } = await open('/own-after.html')
  expect(await trainExplainTrain(page, 'wasm')).toMatchObject({ device: 'wasm', best: [3, 1] })
  expect(messages).toEqual([expect.stringContaining('wasm backend was already registered')])
  await page.close()
})

it('explains on wasm under a content security policy with wasm-unsafe-eval', async () => {
  const { page } = await open('/wasm-allowed.html')
  expect(await trainExplainTrain(page, 'wasm')).toMatchObject({ device: 'wasm', best: [3, 1] })
  await page.close()
})

/** Attributes on a device: the device that was used and the reason, or the error. */
function attribute(page: Page, device: 'auto' | 'wasm' | 'webgpu'): Promise<string[]> {
  return page.evaluate(async (device) => {
    const { tf, gradlens } = window as unknown as PageWindow
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] })
    const predictor = gradlens.tfjsPredictor(model)
    const explainer = new gradlens.Gradient(predictor, { device })
    try {
      await explainer.explain([[1, 2]])
      return [explainer.device!, explainer.fallbackReason!]
    } catch (error) {
      return [(error as Error).name, (error as Error).message]
    }
  }, device)
}

it('names the source that a content security policy lacks, and runs on cpu by default', async () => {
  const { page } = await open('/strict.html')
  const reason = /WebAssembly could not compile.*content security policy needs 'wasm-unsafe-eval'/
  expect(await attribute(page, 'wasm')).toEqual(['DeviceError', expect.stringMatching(reason)])
  expect(await attribute(page, 'auto')).toEqual(['cpu', expect.stringMatching(reason)])
  await page.close()
})

it('explains on webgpu, loaded when it is first used', async () => {
  const { page, messages } = await open('/modules.html')
  const files: string[] = []
  page.on('request', (request) => files.push(path.basename(request.url())))
  expect(await attribute(page, 'webgpu')).toEqual(['webgpu', null])
  expect(files).toContain('webgpu-kernels.js')
  expect(files).not.toContain('wasm-kernels.js')
  expect(messages).toEqual([])
  await page.close()
})

it('reports that the browser has no GPU adapter, and runs on wasm by default', async () => {
  const { page, messages } = await open('/modules.html')
  await page.evaluate(() => {
    navigator.gpu.requestAdapter = () => Promise.resolve(null)
  })
  const reason = expect.stringContaining('the browser found no GPU adapter') as string
  expect(await attribute(page, 'webgpu')).toEqual(['DeviceError', reason])
  expect(await attribute(page, 'auto')).toEqual(['wasm', reason])
  expect(messages).toEqual([])
  await page.close()
})

it.each(['wasm', 'webgpu'])('names what %s.global.js needs if it is missing', async (name) => {
  const page = await host.browser.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  await page.goto(`${host.url}/empty.html`)
  await page.addScriptTag({ url: `/dist/${name}.global.js` })
  expect(errors).toEqual([
    `${name}.global.js needs TensorFlow.js: got no window.tf; expected the script tf.es2017.min.js ` +
      'of @tensorflow/tfjs. Load it first.',
  ])
  await page.close()
})
