import type { Browser, Frame, Page } from 'playwright'
import { expect } from 'vitest'

/** A report that a page shows, with the errors and the requests of the page. */
export interface ShownReport {
  readonly page: Page
  readonly shown: Frame
  readonly faults: readonly string[]
  readonly requests: readonly string[]
}

/** Opens the page at an address, finds the report in it, and closes the page after the checks. */
export async function visitReport(
  browser: Browser,
  address: string,
  check: (report: ShownReport) => Promise<void>,
): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1040, height: 900 } })
  const [faults, requests]: [string[], string[]] = [[], []]
  page.on('pageerror', ({ message }) => faults.push(message))
  page.on('request', (request) => {
    if (!/^(?:data|blob):/.test(request.url())) requests.push(request.url())
  })
  try {
    await page.goto(address)
    await check({ page, shown: await findReport(page), faults, requests })
  } finally {
    await page.close()
  }
}

/** The frame with the report: the page's own, or the one inside. */
async function findReport(page: Page): Promise<Frame> {
  await expect
    .poll(async () =>
      (await Promise.all(page.frames().map((frame) => frame.locator('h1').count()))).some(
        (count) => count > 0,
      ),
    )
    .toBe(true)
  const counts = await Promise.all(page.frames().map((frame) => frame.locator('h1').count()))
  return page.frames()[counts.findIndex((count) => count > 0)]!
}
