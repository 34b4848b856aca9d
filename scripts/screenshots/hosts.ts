import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright'
import { launchBrowser } from '../../tests/e2e/launch-browser.js'

/**
 * Writes the pictures of docs/embedding from the pictures that the tests of hosts took:
 *
 *     npm run test:hosts && npm run screenshots:hosts
 *
 * Each is cut to a part of the page and compressed by Chromium as WebP.
 */
interface Shot {
  readonly name: string
  /** In pixels of the page, which is 1280 wide and 900 high. */
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const shots: readonly Shot[] = [
  { name: 'jupyter', x: 290, y: 28, width: 958, height: 680 },
  { name: 'jupyter-dark', x: 290, y: 28, width: 958, height: 680 },
  { name: 'jupyter-untrusted', x: 290, y: 28, width: 958, height: 680 },
  { name: 'jupyter-ask', x: 290, y: 28, width: 958, height: 680 },
  { name: 'marimo', x: 160, y: 0, width: 960, height: 680 },
  { name: 'streamlit', x: 160, y: 0, width: 960, height: 680 },
  { name: 'gradio-dark', x: 160, y: 0, width: 960, height: 680 },
  { name: 'dash', x: 0, y: 0, width: 1280, height: 680 },
  { name: 'panel', x: 0, y: 0, width: 1280, height: 680 },
  { name: 'tensorboard', x: 0, y: 0, width: 1280, height: 680 },
  { name: 'mlflow', x: 0, y: 0, width: 952, height: 680 },
]
const widest = 960
const byteLimit = 36_000
const source = path.resolve(import.meta.dirname, '../../dist-screenshots')
const target = path.resolve(import.meta.dirname, '../../docs/images')

mkdirSync(target, { recursive: true })
const browser = await launchBrowser()
const page = await browser.newPage()
let total = 0
for (const shot of shots) {
  const picture = readFileSync(path.join(source, `host-${shot.name}.png`))
  const bytes = await compress(page, picture, shot)
  total += bytes.length
  writeFileSync(path.join(target, `host-${shot.name}.webp`), bytes)
  process.stdout.write(`${shot.name}: ${bytes.length} bytes\n`)
}
process.stdout.write(`${total} bytes in all\n`)
await browser.close()

/** Cuts a picture and compresses it, at the highest quality that is small enough. */
async function compress(on: Page, picture: Buffer, shot: Shot): Promise<Buffer> {
  const answer = await on.evaluate(
    async ({ base64, x, y, width, height, longest, limit }) => {
      const response = await fetch(`data:image/png;base64,${base64}`)
      const image = await createImageBitmap(await response.blob(), x, y, width, height)
      const scale = Math.min(1, longest / width)
      const canvas = new OffscreenCanvas(Math.round(width * scale), Math.round(height * scale))
      const context = canvas.getContext('2d')!
      context.imageSmoothingQuality = 'high'
      context.drawImage(image, 0, 0, canvas.width, canvas.height)
      for (let quality = 0.9; ; quality -= 0.1) {
        const blob = await canvas.convertToBlob({ type: 'image/webp', quality })
        if (blob.size > limit && quality > 0.3) continue
        const bytes = new Uint8Array(await blob.arrayBuffer())
        return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
      }
    },
    { ...shot, base64: picture.toString('base64'), longest: widest, limit: byteLimit },
  )
  return Buffer.from(answer, 'base64')
}
