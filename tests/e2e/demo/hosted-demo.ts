import type { Browser, BrowserContextOptions } from 'playwright'
import { afterAll, beforeAll, expect } from 'vitest'
import { launchBrowser } from '../launch-browser.js'
import { DemoPage } from './demo-page.js'
import { serveDemo, type DemoServer } from './demo-server.js'

export const desktop = { width: 1280, height: 900 } as const

/** The built demo and a browser, during the tests of a file. */
export interface HostedDemo {
  readonly browser: Browser
  readonly server: DemoServer
  /** Opens a page in a new profile, without service workers unless they are allowed: tests don't see their requests. */
  visit(options?: BrowserContextOptions): Promise<DemoPage>
}

/** Serves the built demo and starts a browser before the tests of a file, and closes both after them. */
export function hostDemo(browserArguments: readonly string[] = []): HostedDemo {
  let browser: Browser
  let server: DemoServer
  beforeAll(async () => {
    server = await serveDemo()
    browser = await launchBrowser(browserArguments)
  })
  afterAll(async () => {
    await browser.close()
    await server.close()
  })
  return {
    get browser() {
      return browser
    },
    get server() {
      return server
    },
    visit: async (options) => {
      const context = await browser.newContext({ serviceWorkers: 'block', ...options })
      return new DemoPage(await context.newPage(), server)
    },
  }
}

/**
 * Closes a page with its profile, and checks that the console reported no errors but the expected ones. A breach of the
 * content security policy would be among them.
 */
export async function leave(
  { page, errors }: DemoPage,
  expected: readonly RegExp[] = [],
): Promise<void> {
  await page.context().close()
  expect(errors.filter((error) => !expected.some((pattern) => pattern.test(error)))).toEqual([])
}
