import { expect, it } from 'vitest'
import { readSample } from '../support/docs/read-sample.js'
import { hostPages } from './hosted-pages.js'

/** The guide's import map. The package is the one that the build made. */
const [html] = /<script type="importmap">[^]*?<\/script>/.exec(
  readSample('docs/quick-start/import-map.md', 'page.html').replaceAll(
    './node_modules/gradlens/',
    './',
  ),
)!

/** Stores gradients, reads them back and ranks with them, all by the names of the import map. */
const ranking = `<script type="module">
  import * as tf from '@tensorflow/tfjs'
  import { GradientSimilarity, MemoryStore, isGradlensError } from 'gradlens'
  import { mergeClasses } from 'gradlens/evaluation'
  import { tfjsPredictor } from 'gradlens/tfjs'
  import { exposeExplainers } from 'gradlens/worker'
  import 'gradlens/wasm'
  import 'gradlens/elements/define'

  await tf.ready()
  const backend = tf.getBackend()
  const weights = [tf.tensor2d([[2], [-1]]), tf.tensor1d([0.5])]
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2], weights })] })
  const predictor = tfjsPredictor(model)
  const rank = async (device) => {
    const options = { device, store: new MemoryStore(), precomputeGrads: true }
    const explainer = new GradientSimilarity(predictor, 'meanSquaredError', options)
    await explainer.fit(tf.tensor2d([[1, 0], [0, 1], [1, 1]]), [[0], [0], [0]])
    const { scores, orderedIndices } = await explainer.explain([[1, 0]], [[0]])
    return [explainer.device, Array.from(orderedIndices.data), Array.from(scores.data)]
  }
  window.result = {
    isBackendUnchanged: tf.getBackend() === backend,
    ranked: [await rank('cpu'), await rank('wasm')],
    names: [isGradlensError, mergeClasses, exposeExplainers].map((each) => typeof each),
    isDefined: customElements.get('gl-similar-examples') !== undefined,
  }
</script>`

const start = '<!doctype html><link rel="icon" href="data:," />'
const host = hostPages({ '/import-map.html': `${start}${html}${ranking}` })

it("ranks with stored gradients through the guide's import map, on cpu and wasm", async () => {
  const page = await host.browser.newPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  await page.goto(`${host.url}/import-map.html`)
  await page
    .waitForFunction(() => 'result' in window, undefined, { timeout: 30_000 })
    .catch(() => errors.push('no result'))
  expect(errors).toEqual([])
  // With y = 0 the gradient of the squared error is 2 f(x) [x, 1]: [5, 0, 5], [0, −1, −1], [3, 3, 3].
  const scores = [
    [0, 2, 1],
    [50, 30, -5],
  ]
  expect(await page.evaluate(() => (window as unknown as { result: unknown }).result)).toEqual({
    isBackendUnchanged: true,
    ranked: [
      ['cpu', ...scores],
      ['wasm', ...scores],
    ],
    names: ['function', 'function', 'function'],
    isDefined: true,
  })
  await page.close()
})
