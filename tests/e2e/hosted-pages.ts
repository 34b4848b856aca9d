import type { Browser } from 'playwright'
import { afterAll, beforeAll } from 'vitest'
import { launchBrowser } from './launch-browser.js'
import { servePages } from './page-server.js'

type Pages = Readonly<Record<string, string>>

/** A server of pages and a browser, during the tests of a file. */
export interface HostedPages {
  readonly browser: Browser
  /** The address of the server, without a slash at the end. */
  readonly url: string
}

/**
 * Serves pages by their path, and the files of the repository, and starts a browser before the tests of a file. Closes
 * both after them.
 */
export function hostPages(pages: Pages | (() => Promise<Pages>) = {}): HostedPages {
  let browser: Browser
  let server: Awaited<ReturnType<typeof servePages>>
  beforeAll(async () => {
    server = await servePages(typeof pages === 'function' ? await pages() : pages)
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser.close()
    server.close()
  })
  return {
    get browser() {
      return browser
    },
    get url() {
      return server.url
    },
  }
}
