/**
 * Takes the pictures of the README from the built demo, in light and dark, and writes them to site/images.
 *
 *     npm run build && npx tsx scripts/docs/take-pictures.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { DemoPage } from '../../tests/e2e/demo/demo-page.js'
import { launchBrowser } from '../../tests/e2e/launch-browser.js'
import { serveDemo } from '../../tests/e2e/demo/demo-server.js'

const folder = path.resolve(import.meta.dirname, '../../site/images')
const size = { width: 1280, height: 800 }

mkdirSync(folder, { recursive: true })
const server = await serveDemo()
const browser = await launchBrowser()
for (const colorScheme of ['light', 'dark'] as const) {
  const context = await browser.newContext({ viewport: size, colorScheme, serviceWorkers: 'block' })
  const page = await context.newPage()
  await page.goto(`${server.url}?device=wasm`)
  await new DemoPage(page, server).settled()
  const png = await page.screenshot()
  // The browser has an encoder for WebP, whose files are a third of PNG's.
  const base64 = await page.evaluate(async (bytes) => {
    const binary = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))
    const bitmap = await createImageBitmap(new Blob([binary], { type: 'image/png' }))
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
    canvas.getContext('2d')!.drawImage(bitmap, 0, 0)
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.85 })
    return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())))
  }, png.toString('base64'))
  const file = path.join(folder, `demo-${colorScheme}.webp`)
  writeFileSync(file, Buffer.from(base64, 'base64'))
  process.stdout.write(`${file}: ${Buffer.from(base64, 'base64').length} bytes\n`)
  await context.close()
}
await browser.close()
await server.close()
