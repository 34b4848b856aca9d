/**
 * Measures how long the map of the training examples takes to draw 10,000 points in Chromium, as dots and as pictures:
 *
 *     npm run measure:flyover [count]
 */
import path from 'node:path'
import { argv } from 'node:process'
import { build } from 'esbuild'
import { launchBrowser } from '../../tests/e2e/launch-browser.js'

const count = Number(argv[2] ?? 10_000)
const flyover = path.resolve(import.meta.dirname, '../../demo/flyover')
const frames = 60

const { outputFiles } = await build({
  stdin: {
    contents: `
      import { Camera } from './camera.ts'
      import { drawPoints } from './draw-points.ts'
      globalThis.measure = async (count, frames) => {
        const [width, height, extent, side] = [1180, 560, 1000, 28]
        const canvas = Object.assign(document.createElement('canvas'), { width, height })
        document.body.append(canvas)
        const places = Array.from({ length: count }, () => ({ x: Math.random() * extent, y: Math.random() * extent }))
        const pixels = Uint8Array.from({ length: count * side * side }, () => Math.random() * 256)
        const colors = { paper: '#ffffff', ink: '#000000', quiet: '#444444', for: '#552288', against: '#bb5500', alarm: '#880000', accent: '#005555' }
        const look = {
          pixels, side, extent, colors, marked: new Set([1, 2, 3]),
          tints: Float32Array.from({ length: count }, () => Math.random() * 2 - 1), pointed: 5, asked: 6,
        }
        const results = {}
        for (const [name, zoom] of [['dots', 0.7], ['pictures', 4]]) {
          const camera = new Camera()
          camera.fit(extent, width, height, 16)
          camera.zoom(zoom, { x: width / 2, y: height / 2 })
          const context = canvas.getContext('2d')
          const startedAt = performance.now()
          for (let frame = 0; frame < frames; frame++) {
            camera.pan(1, 0)
            drawPoints(context, places, camera, 1, look)
            await new Promise(requestAnimationFrame)
          }
          results[name] = (performance.now() - startedAt) / frames
        }
        return results
      }`,
    resolveDir: flyover,
    loader: 'ts',
  },
  bundle: true,
  write: false,
  logLevel: 'silent',
})

const browser = await launchBrowser()
try {
  const page = await browser.newPage()
  await page.addScriptTag({ content: outputFiles[0]!.text })
  const results = await page.evaluate(
    ([points, times]) =>
      (
        globalThis as unknown as {
          measure(points: number, times: number): Promise<Record<string, number>>
        }
      ).measure(points, times),
    [count, frames] as const,
  )
  for (const [name, ms] of Object.entries(results)) {
    console.log(
      `${count} ${name}: ${ms.toFixed(1)} ms per frame, ${(1000 / ms).toFixed(0)} frames per second`,
    )
  }
} finally {
  await browser.close()
}
