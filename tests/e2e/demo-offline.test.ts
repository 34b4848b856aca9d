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

test('after one visit every page works with the server gone, and asks no other', async () => {
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
    await demo.open(server, quick)
    await demo.settled()
    await demo.page.evaluate(async () => {
      await navigator.serviceWorker.ready
      if (navigator.serviceWorker.controller !== null) return
      await new Promise((resolve) => {
        navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true })
      })
    })
    await server.close()

    for (const name of ['garments', 'cars', 'index'] as const) {
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
