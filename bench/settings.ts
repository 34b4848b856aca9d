import type { Browser, Page } from 'playwright'
import type { BenchOptions } from './options.js'
import type { PageDevice, PageReport } from './protocol.js'
import type { Site } from './site.js'

/** One way to deploy the library: a page of the browser. */
export interface Setting {
  readonly name: string
  readonly device: PageDevice
  readonly address: string
  readonly page: Page
  readonly report: PageReport
}

export interface Settings {
  readonly open: readonly Setting[]
  /** The settings that were left out, and why. */
  readonly remarks: readonly string[]
}

export async function openSettings(
  browser: Browser,
  site: Site,
  { softwareWebGpu }: BenchOptions,
): Promise<Settings> {
  const open = [
    await openSetting(browser, 'wasm', 'wasm', site.plain),
    await openSetting(browser, 'wasm, cross-origin isolated', 'wasm', site.isolated),
  ]
  const adapter = open[0]?.report.adapter ?? null
  if (adapter === null) return { open, remarks: ['webgpu: the browser has no adapter.'] }
  if (adapter.isSoftware && !softwareWebGpu) {
    return {
      open,
      remarks: [`webgpu: ${adapter.name} is software; pass --software-webgpu to use it.`],
    }
  }
  const webgpu = await openSetting(browser, 'webgpu', 'webgpu', site.plain)
  return { open: [...open, webgpu], remarks: [] }
}

export async function openPage(browser: Browser, address: string): Promise<Page> {
  const page = await browser.newPage()
  page.setDefaultTimeout(0)
  page.on('pageerror', (error) => {
    console.error(error)
    // Calls would otherwise wait for the page for ever.
    void page.close()
  })
  await page.goto(address)
  await page.waitForFunction(() => (window.bench as unknown) !== undefined)
  return page
}

async function openSetting(
  browser: Browser,
  name: string,
  device: PageDevice,
  address: string,
): Promise<Setting> {
  const page = await openPage(browser, address)
  const report = await page.evaluate((chosen) => window.bench.report(chosen), device)
  return { name, device, address, page, report }
}
