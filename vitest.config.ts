import path from 'node:path'
import { playwright } from '@vitest/browser-playwright'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { findBrowser } from './scripts/checks/browser.mjs'
import { root } from './scripts/checks/command.mjs'
import { readSamples } from './scripts/docs/samples.mjs'
import { createPageModule } from './scripts/docs/write-samples.mjs'
import { browserArguments } from './tests/support/browser-arguments.js'
import { serverCommands } from './tests/support/browser-servers.js'
import { alias } from './vite.config.js'

/**
 * The modules that guides show, as modules: `docs/models/adapters.md?adapter.js` is the block of that name, and
 * `docs/guides/text.md?samples` all blocks without a name, with a function `run`.
 */
const guideModules: Plugin = {
  name: 'guide-modules',
  enforce: 'pre',
  resolveId(source, importer) {
    if (!source.endsWith('.md?samples')) return null
    const page = path.resolve(path.dirname(importer ?? ''), source.replace('?samples', ''))
    // Compiled for its ending.
    return `${page}.samples.ts`
  },
  load(id) {
    if (id.endsWith('.md.samples.ts')) {
      return createPageModule(path.relative(root, id).replace('.samples.ts', ''), { inNode: true })
    }
    const [file = '', name = ''] = id.split('?')
    if (!file.endsWith('.md')) return null
    const block = readSamples(path.relative(root, file)).find((sample) => sample.name === name)
    if (block === undefined) throw new Error(`${file} has no block '${name}'.`)
    return block.code
  },
}

const executablePath = findBrowser().path

/** How long `expect.poll` waits on a busy machine. Vitest's own limit is one second. */
const patient = { poll: { timeout: 60_000 } }

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        plugins: [guideModules],
        test: {
          name: 'unit',
          include: ['tests/{unit,devices}/**/*.test.ts'],
          setupFiles: ['tests/support/no-leaks.ts'],
          // One process a core: what is slow is loading TensorFlow.js, so files share it.
          isolate: false,
          maxWorkers: 2,
          // A busy machine takes its time to load ESLint, or to start a process.
          testTimeout: 30_000,
          expect: patient,
        },
      },
      {
        resolve: { alias },
        // Found and bundled before the first test, since a late find reloads the page in mid-run.
        optimizeDeps: {
          include: [
            '@tensorflow/tfjs',
            '@tensorflow/tfjs-backend-wasm',
            '@tensorflow/tfjs-backend-webgpu',
            '@noble/hashes/sha2.js',
            'axe-core',
            'fast-check',
            'lande',
            'onnxruntime-web/webgpu',
            'pbf',
            'lit',
            'zarrita',
          ],
        },
        test: {
          name: 'browser',
          include: ['tests/{browser,devices}/**/*.test.ts'],
          setupFiles: ['tests/support/no-leaks.ts'],
          isolate: false,
          fileParallelism: false,
          // The software adapter compiles each shader in tens of milliseconds.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: patient,
          browser: {
            enabled: true,
            headless: true,
            commands: serverCommands,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                args: [...browserArguments],
                ...(executablePath === undefined ? {} : { executablePath }),
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: patient,
        },
      },
      {
        test: {
          name: 'engines',
          include: ['tests/engines/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'hosts',
          include: ['tests/hosts/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          expect: patient,
        },
      },
    ],
  },
})
