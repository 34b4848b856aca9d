import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { unzipSync } from 'fflate'
import type { Browser } from 'playwright'
import { expect } from 'vitest'
import { build } from 'vite'
import { tfjsBackends } from '../../../../scripts/build/tfjs-backends.js'
import { alias } from '../../../../vite.config.js'
import { servePages } from '../../page-server.js'
import { readScores } from './yours-page.js'

const root = path.resolve(import.meta.dirname, '../../../..')

/** Builds a project that the page saved with this package, and returns the scores that its page shows. */
export async function runProject(browser: Browser, file: string): Promise<number[]> {
  const folder = mkdtempSync(path.join(root, 'node_modules/.yours-'))
  const served = await servePages({})
  const context = await browser.newContext()
  try {
    for (const [name, bytes] of Object.entries(unzipSync(readFileSync(file)))) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
      writeFileSync(path.join(folder, name), bytes)
    }
    await build({
      root: folder,
      configFile: path.join(folder, 'vite.config.js'),
      logLevel: 'error',
      // The code runs as it does when it is smaller, and is built sooner.
      build: { minify: false, reportCompressedSize: false },
      resolve: { alias },
      worker: { plugins: () => [tfjsBackends()] },
      plugins: [tfjsBackends()],
    })
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', ({ message }) => errors.push(message))
    await page.goto(`${served.url}/${path.relative(root, folder)}/dist/index.html`)
    const similar = page.locator('gl-similar-examples')
    const readState = (element: Element): unknown => (element as { state?: string }).state
    await expect.poll(async () => [await similar.evaluate(readState), ...errors]).toEqual(['ready'])
    return readScores(await similar.locator('.score').allTextContents())
  } finally {
    await context.close()
    served.close()
    rmSync(folder, { recursive: true })
  }
}
