import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { hostPages } from '../hosted-pages.js'

/** Ranks and attributes f(x) = 2x₁ − x₂ + ½ with `tf` and the names of `gradlens`. It answers each message. */
const explaining = `
  const explain = async (device) => {
    await tf.setBackend('cpu')
    const weights = [tf.tensor2d([[2], [-1]]), tf.tensor1d([0.5])]
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2], weights })] })
    const predictor = gradlens.tfjsPredictor(model)
    const integrated = new gradlens.IntegratedGradients(predictor, { device, nSteps: 4 })
    const { attributions } = await integrated.explain([[3, 4]])
    const store = new gradlens.MemoryStore()
    const similar = new gradlens.GradientSimilarity(predictor, 'meanSquaredError', { device, store, precomputeGrads: true })
    await similar.fit(tf.tensor2d([[1, 0], [0, 1], [1, 1]]), [[0], [0], [0]])
    const { scores, orderedIndices } = await similar.explain([[1, 0]], [[0]])
    const numbers = [attributions[0], orderedIndices, scores].map(({ data }) => Array.from(data))
    return [similar.device, ...numbers]
  }
  self.addEventListener('message', ({ data, ports: [port] }) => {
    explain(data).then(
      (result) => port.postMessage(result),
      (error) => port.postMessage(error.name + ' ' + error.feature + ': ' + error.message),
    )
  })`

const classicWorker = `
  importScripts(
    '/node_modules/@tensorflow/tfjs/dist/tf.es2017.min.js',
    '/dist/gradlens.global.js',
    '/dist/wasm.global.js',
  )
  ${explaining}`

/** A module worker as an application's bundler leaves it, with the chunks that gradlens imports when needed. */
async function bundleWorker(name: string, gradlensImport: string): Promise<Record<string, string>> {
  const contents = `
    import * as tf from '@tensorflow/tfjs'
    ${gradlensImport}
    ${explaining}`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    splitting: true,
    format: 'esm',
    outdir: `/${name}`,
    entryNames: 'worker',
    // Those of the repository lead to the sources.
    tsconfigRaw: {},
    write: false,
    logLevel: 'silent',
  })
  return Object.fromEntries(outputFiles.map(({ path, text }) => [path, text]))
}

const host = hostPages(async () => {
  const bundled = `
    import * as gradlens from 'gradlens/bundle'
    import 'gradlens/wasm/bundle'`
  const chunked = `
    import * as core from 'gradlens'
    import { tfjsPredictor } from 'gradlens/tfjs'
    const gradlens = { ...core, tfjsPredictor }`
  return {
    '/page.html': '<!doctype html><link rel="icon" href="data:," />',
    '/classic/worker.js': classicWorker,
    ...(await bundleWorker('bundle', bundled)),
    ...(await bundleWorker('chunked', chunked)),
  }
})

/** What the service worker of that folder answers. */
async function askWorker(
  folder: string,
  type: 'classic' | 'module',
  device: 'cpu' | 'wasm',
): Promise<unknown> {
  const page = await host.browser.newPage()
  try {
    await page.goto(`${host.url}/page.html`)
    return await page.evaluate(
      async ({ folder, type, device }) => {
        const scope = `/${folder}/`
        const registration = await navigator.serviceWorker.register(`${scope}worker.js`, {
          scope,
          type,
        })
        // A page that was busy finds a worker that has been installed already.
        const { installing, waiting, active } = registration
        const worker = (installing ?? waiting ?? active)!
        await new Promise<void>((resolve, reject) => {
          const follow = (): void => {
            if (worker.state === 'activated') resolve()
            if (worker.state === 'redundant') reject(new Error('the worker cannot be installed'))
          }
          follow()
          worker.addEventListener('statechange', follow)
        })
        const { port1, port2 } = new MessageChannel()
        return new Promise((resolve) => {
          port1.onmessage = ({ data }) => {
            resolve(data)
          }
          worker.postMessage(device, [port2])
        })
      },
      { folder, type, device },
    )
  } finally {
    // Unregisters the worker, so that each call installs its own.
    await page.evaluate(async () => {
      for (const each of await navigator.serviceWorker.getRegistrations()) await each.unregister()
    })
    await page.close()
  }
}

// A linear model's attributions are its weights times the input. With y = 0 the gradient of the squared error is
// 2 f(x) [x, 1]: [5, 0, 5], [0, −1, −1], [3, 3, 3].
const numbers = [
  [6, -4],
  [0, 2, 1],
  [50, 30, -5],
]

it.each([
  ['classic', 'classic', 'cpu'],
  ['classic', 'classic', 'wasm'],
  ['bundle', 'module', 'cpu'],
  ['bundle', 'module', 'wasm'],
] as const)(
  'explains in a service worker: %s script as %s, on %s',
  async (folder, type, device) => {
    expect(await askWorker(folder, type, device)).toEqual([device, ...numbers])
  },
)

it('names gradlens/bundle where a module service worker has gradlens in chunks', async () => {
  expect(await askWorker('chunked', 'module', 'cpu')).toBe(
    'UnsupportedError import(): gradlens loads some of its modules when they are first needed, and browsers refuse ' +
      "import() in a service worker. Import every name from 'gradlens/bundle' and backends from 'gradlens/wasm/bundle' " +
      "or 'gradlens/webgpu/bundle', which are one module each. In a classic service worker, load gradlens.global.js and " +
      'wasm.global.js with importScripts.',
  )
})
