import type * as tfjs from '@tensorflow/tfjs'
import type {} from 'gradlens/global'
import type { Page } from 'playwright'
import { expect, it } from 'vitest'
import { hostPages } from './hosted-pages.js'

interface PageWindow {
  readonly tf: typeof tfjs
  readonly gradlens: Window['gradlens']
}

const tensorflow = '/node_modules/@tensorflow'
const tensorflowScripts = `<!doctype html>
    <link rel="icon" href="data:," />
    <script src="${tensorflow}/tfjs/dist/tf.min.js"></script>
    <script src="/dist/wasm.global.js"></script>
    <script src="/dist/webgpu.global.js"></script>`
const pages = {
  '/empty.html': '<!doctype html><link rel="icon" href="data:," />',
  '/classic.html': `${tensorflowScripts}
    <script src="/dist/gradlens.global.js"></script>`,
  '/modules.html': `<!doctype html>
    <link rel="icon" href="data:," />
    <script type="importmap">{ "imports": {
      "@tensorflow/tfjs": "${tensorflow}/tfjs/dist/tf.fesm.min.js",
      "gradlens": "/dist/index.js",
      "gradlens/tfjs": "/dist/tfjs.js"
    } }</script>
    <script type="module">
      import * as tf from '@tensorflow/tfjs'
      import * as gradlens from 'gradlens'
      import { tfjsPredictor } from 'gradlens/tfjs'
      Object.assign(window, { tf, gradlens: { ...gradlens, tfjsPredictor } })
    </script>`,
}

const host = hostPages(pages)

declare const gradlens: Window['gradlens']

async function open(name: keyof typeof pages): Promise<{ page: Page; errors: string[] }> {
  const page = await host.browser.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (entry) => {
    if (entry.type() === 'error') errors.push(entry.text())
  })
  await page.goto(`${host.url}${name}`)
  await page.waitForFunction(() => 'gradlens' in window)
  return { page, errors }
}

/** Explains f(x) = 2x₁ − x₂ + ½ in the page, by both explainers. */
function explainLinearModel(
  page: Page,
  device: 'cpu' | 'wasm' | 'webgpu',
): Promise<Record<string, unknown>> {
  return page.evaluate(async (device) => {
    const { tf, gradlens } = window as unknown as PageWindow
    // The page's own backend, which the explainers leave as it is.
    await tf.setBackend('cpu')
    const weights = [tf.tensor2d([[2], [-1]]), tf.tensor1d([0.5])]
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 1, inputShape: [2], weights })],
    })
    const predictor = gradlens.tfjsPredictor(model)
    const options = { device } as const

    const similar = new gradlens.GradientSimilarity(predictor, 'meanSquaredError', options)
    const train = tf.tensor2d([
      [1, 0],
      [0, 1],
      [1, 1],
    ])
    await similar.fit(train, [[0], [0], [0]])
    const ranking = await similar.explain([[1, 0]], [[0]])

    const integrated = new gradlens.IntegratedGradients(predictor, { ...options, nSteps: 4 })
    const { attributions } = await integrated.explain([[3, 4]])
    return {
      devices: [similar.device, integrated.device],
      backendOfPage: tf.getBackend(),
      orderedIndices: Array.from(ranking.orderedIndices.data),
      scores: Array.from(ranking.scores.data),
      attributions: attributions.map(({ data }) => Array.from(data)),
    }
  }, device)
}

/** Small whole numbers and halves: every device computes them exactly. */
const linearModel = {
  // With y = 0 the gradient of the squared error is 2 f(x) [x, 1]: [5, 0, 5], [0, −1, −1], [3, 3, 3].
  orderedIndices: [0, 2, 1],
  scores: [50, 30, -5],
  // A linear model's attributions are its weights times the input.
  attributions: [[6, -4]],
  backendOfPage: 'cpu',
}

it('exports exactly these names as window.gradlens', async () => {
  const { page, errors } = await open('/classic.html')
  const names = await page.evaluate(() => Object.keys(window.gradlens).sort())
  expect(names).toEqual([
    'DeviceError',
    'DisposedError',
    'ExpectedGradients',
    'Explanation',
    'GradCam',
    'Gradient',
    'GradientSimilarity',
    'GradlensError',
    'HttpStore',
    'InfluenceFunctions',
    'IntegratedGradients',
    'InvalidArgumentError',
    'MemoryError',
    'MemoryStore',
    'ModelChangedError',
    'NonFiniteError',
    'NotFittedError',
    'Occlusion',
    'OpfsStore',
    'StoreError',
    'TracIn',
    'UnsupportedError',
    'connectExplainers',
    'connectPredictor',
    'exposeExplainers',
    'functionPredictor',
    'isGradlensError',
    'lossNames',
    'openGradientStore',
    'rankSuspectLabels',
    'tfjsPredictor',
    'version',
  ])
  expect(errors).toEqual([])
  await page.close()
})

/** Lit's storage of the properties of its elements. */
const litName = 'litPropertyMetadata'

it.each([
  { script: 'gradlens.global.js', added: ['gradlens'] },
  { script: 'elements.global.js', added: ['gradlensElements', litName] },
])("adds nothing but $added to the page's window with $script", async ({ script, added }) => {
  const page = await host.browser.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  await page.goto(`${host.url}/empty.html`)
  const before = await page.evaluate(() => Object.getOwnPropertyNames(window))
  await page.addScriptTag({ url: `/dist/${script}` })
  const after = await page.evaluate(() => Object.getOwnPropertyNames(window))
  expect(after.filter((name) => !before.includes(name)).sort()).toEqual(added)
  // A top-level const, let or class is not a property of the window, but a second copy of it is an error.
  await page.addScriptTag({ url: `/dist/${script}` })
  expect(errors).toEqual([])
  await page.close()
})

it('registers the elements with one classic script', async () => {
  const page = await host.browser.newPage()
  await page.goto(`${host.url}/empty.html`)
  await page.addScriptTag({ url: '/dist/elements.global.js' })
  expect(await page.evaluate(() => customElements.get('gl-similar-examples') !== undefined)).toBe(
    true,
  )
  await page.close()
})

it('loads before TensorFlow.js, names it as missing, and finds it later', async () => {
  const page = await host.browser.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  await page.goto(`${host.url}/empty.html`)
  await page.addScriptTag({ url: '/dist/gradlens.global.js' })
  const missing = await page.evaluate(() => {
    if (typeof gradlens !== 'object') return 'no gradlens'
    try {
      gradlens.tfjsPredictor({ call: (x) => x, variables: [], inputs: [{ shape: [2] }] })
      return 'no error'
    } catch (error) {
      return gradlens.isGradlensError(error, 'UnsupportedError') ? error.message : String(error)
    }
  })
  expect(missing).toBe(
    'tfjsPredictor needs TensorFlow.js: got no window.tf; expected the script tf.es2017.min.js of ' +
      '@tensorflow/tfjs. Load it before you call tfjsPredictor.',
  )
  await page.addScriptTag({ url: `${tensorflow}/tfjs/dist/tf.es2017.min.js` })
  expect(await explainLinearModel(page, 'cpu')).toEqual({ ...linearModel, devices: ['cpu', 'cpu'] })
  expect(errors).toEqual([])
  await page.close()
})

it.each(['cpu', 'wasm', 'webgpu'] as const)(
  "explains with the classic scripts on the page's own TensorFlow.js, on %s",
  async (device) => {
    const { page, errors } = await open('/classic.html')
    expect(await explainLinearModel(page, device)).toEqual({
      ...linearModel,
      devices: [device, device],
    })
    expect(errors).toEqual([])
    await page.close()
  },
)

it('explains with plain modules and an import map, without a bundler', async () => {
  const { page, errors } = await open('/modules.html')
  expect(await explainLinearModel(page, 'cpu')).toEqual({ ...linearModel, devices: ['cpu', 'cpu'] })
  expect(errors).toEqual([])
  await page.close()
})
