import { chromium, type Browser } from 'playwright'
import { findBrowser } from '../scripts/checks/find-browser.mjs'
import type { BenchOptions } from './options.js'

/** Chromium cannot sandbox itself for root, which is what containers run as. */
const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []

/** Without a flag headless Chromium has no WebGPU on Linux, GPU or not. */
const webGpu = ['--enable-unsafe-webgpu', '--enable-features=Vulkan']

export function launchBrowser({ softwareWebGpu }: BenchOptions): Promise<Browser> {
  const found = findBrowser()
  if (found.path === undefined) {
    throw new Error(`No browser starts: ${found.tried.join('; ')}. Set CHROME_PATH.`)
  }
  const software = softwareWebGpu ? ['--use-webgpu-adapter=swiftshader'] : []
  return chromium.launch({
    executablePath: found.path,
    args: [...asRoot, ...webGpu, ...software],
  })
}
