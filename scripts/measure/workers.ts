/**
 * Measures MobileNetV2 with random weights in Chromium, on wasm: in the page, in one worker and in two. It prints
 * the first fit with its checks, the fit per example, integrated gradients, and the longest task on the page's thread
 * after the model is loaded (of its own time, not of what else the machine does):
 *
 *     npx tsx scripts/measure/workers.ts [--size 224] [--examples 12] [--steps 50] [--workers 0,1,2]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'vite'
import { launchBrowser } from '../../tests/e2e/launch-browser.js'
import { longestTask } from '../../tests/e2e/longest-task.js'
import { servePages } from '../../tests/e2e/page-server.js'
import { alias } from '../../vite.config.js'
import type {} from './workers-app/page.js'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '224' },
    examples: { type: 'string', default: '12' },
    steps: { type: 'string', default: '50' },
    workers: { type: 'string', default: '0,1,2' },
  },
})
const [size, examples, steps] = [values.size, values.examples, values.steps].map(Number) as [
  number,
  number,
  number,
]

const app = path.join(import.meta.dirname, 'workers-app')
const folder = mkdtempSync('node_modules/.workers-app-')
const browser = await launchBrowser()
try {
  await build({
    configFile: false,
    root: app,
    publicDir: false,
    logLevel: 'warn',
    base: './',
    resolve: { alias: [...alias] },
    worker: { format: 'es' },
    build: {
      outDir: path.resolve(folder),
      emptyOutDir: true,
      target: 'es2022',
      chunkSizeWarningLimit: 10_000,
      rolldownOptions: {
        input: path.join(app, 'page.ts'),
        output: { entryFileNames: '[name].js' },
      },
    },
  })
  const server = await servePages({
    '/app.html': `<!doctype html>
      <link rel="icon" href="data:," />
      <script type="module" src="/${folder}/page.js"></script>`,
  })
  for (const workerCount of values.workers.split(',').map(Number)) {
    const page = await browser.newPage()
    page.setDefaultTimeout(0)
    await page.goto(`${server.url}/app.html`)
    await page.waitForFunction(() => 'prepareWorkers' in window)
    await page.evaluate(
      async ([count, options]) => {
        window.measurePrepared = await window.prepareWorkers(count, options)
      },
      [workerCount, { size, examples, steps }] as const,
    )
    await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] })
    const measured = await page.evaluate(() => window.measurePrepared())
    const longest = longestTask(await browser.stopTracing())
    await page.close()
    const { startMs, fitMsPerExample, integratedMs } = measured
    console.log(
      `${workerCount} workers: first fit ${startMs.toFixed(0)} ms, fit ${fitMsPerExample.toFixed(0)} ms per example, ` +
        `integrated gradients of ${steps} steps ${integratedMs.toFixed(0)} ms, longest task of the page ${longest.toFixed(0)} ms`,
    )
  }
  server.close()
} finally {
  await browser.close()
  rmSync(folder, { recursive: true })
}
