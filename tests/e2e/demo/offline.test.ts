import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DemoPage } from './demo-page.js'
import { launchBrowser } from '../launch-browser.js'
import { serveDemo } from './demo-server.js'

let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
})

afterAll(() => browser.close())

const quick = { device: 'wasm', references: 40, steps: 5 } as const

test('visited pages work without their server, and send requests to no other', async () => {
  const server = await serveDemo()
  const context = await browser.newContext()
  try {
    const demo = new DemoPage(await context.newPage(), server)
    const elsewhere: string[] = []
    context.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(server.url)) {
        elsewhere.push(request.url())
      }
    })
    for (const [name, folder] of [
      ['index', 'mnist'],
      ['cars', 'cars'],
    ] as const) {
      await demo.open(quick, name)
      await demo.settled()
      await demo.cached(server.files(folder).map((file) => server.url + file))
    }
    await server.close()

    for (const name of ['cars', 'index'] as const) {
      await demo.open(quick, name)
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
