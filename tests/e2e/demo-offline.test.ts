import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DemoPage, launchBrowser } from './demo-page.js'
import { serveDemo } from './demo-server.js'

let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
})

afterAll(() => browser.close())

const quick = { device: 'wasm', references: 40, steps: 5 } as const

test('pages that were visited work with the server gone, and ask no other', async () => {
  const server = await serveDemo()
  const context = await browser.newContext()
  try {
    const demo = new DemoPage(await context.newPage())
    const elsewhere: string[] = []
    context.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(server.url)) {
        elsewhere.push(request.url())
      }
    })
    for (const [name, file] of [
      ['index', 'mnist/weights.bin'],
      ['cars', 'cars/weights.bin'],
    ] as const) {
      await demo.open(server, quick, name)
      await demo.settled()
      await demo.page.waitForFunction(
        async (url) => (await caches.match(url)) !== undefined,
        server.url + file,
      )
    }
    await server.close()

    for (const name of ['cars', 'index'] as const) {
      await demo.open(server, quick, name)
      await demo.settled()
    }
    await demo.page.goto(server.url)
    await demo.settled('answer')
    expect(elsewhere).toEqual([])
    expect(demo.errors).toEqual([])
  } finally {
    await context.close()
  }
})
