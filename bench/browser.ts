import { chromium, type Browser } from 'playwright'
import { findBrowser } from '../scripts/checks/browser.mjs'
import type { BenchOptions } from './options.js'

/** Chromium's sandbox doesn't work for root, the user in containers. */
const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []

/** Headless Chromium on Linux has no WebGPU without a flag, even with a GPU. */
const webGpu = ['--enable-unsafe-webgpu', '--enable-features=Vulkan']

export function launchBrowser({
  softwareWebGpu,
}: Pick<BenchOptions, 'softwareWebGpu'>): Promise<Browser> {
  const found = findBrowser()
  if (found.path === undefined) {
    throw new Error(`No browser starts: ${found.fault}. Set CHROME_PATH.`)
  }
  const software = softwareWebGpu ? ['--use-webgpu-adapter=swiftshader'] : []
  return chromium.launch({
    executablePath: found.path,
    args: [...asRoot, ...webGpu, ...software],
  })
}
