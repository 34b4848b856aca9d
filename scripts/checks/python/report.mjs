import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../command.mjs'

/** @param {number[]} shape @param {typeof Float32Array | typeof Float64Array} TypedArray */
const createArray = (shape, TypedArray) => {
  const length = shape.reduce((product, each) => product * each, 1)
  const numbers = Array.from({ length }, (_, i) => Math.sin(i))
  return { data: new TypedArray(numbers), shape }
}

/** An image in float32, and a row in float64. */
const explanations = {
  first: [createArray([1, 5, 4, 1], Float32Array), { labels: ['</script>', 'b'] }],
  second: [createArray([1, 6], Float64Array), { features: ['a', 'b', 'c', 'd', 'e', 'é'] }],
}

/**
 * Writes reports of the same explanations with the JavaScript package, with which the Python
 * package compares its own.
 *
 * @param {string} folder
 */
export async function writeReports(folder) {
  mkdirSync(folder, { recursive: true })
  const kit = 'elements.global.js'
  copyFileSync(path.join(root, 'dist', kit), path.join(folder, kit))
  const { encodeFrame } = /** @type {typeof import('../../../src/frame/index.js')} */ (
    await importBuilt('frame.js')
  )
  const { reportHtml } = /** @type {typeof import('../../../src/report/index.js')} */ (
    await importBuilt('report.js')
  )
  const frames = Object.entries(explanations).map(([name, [attributions, side]]) => {
    const data = { attributions: [attributions], X: attributions, target: [1] }
    const meta = { name: 'Method', type: [], explanations: ['local'], params: {}, version: '1' }
    const frame = encodeFrame({ meta, data }, /** @type {Record<string, unknown>} */ (side))
    writeFileSync(path.join(folder, `${name}.safetensors`), frame)
    return frame
  })
  const title = 'Both packages & <their> pages'
  for (const [name, dtype] of /** @type {const} */ ([
    ['report', undefined],
    ['report-float16', 'float16'],
  ])) {
    writeFileSync(path.join(folder, `${name}.html`), await reportHtml(frames, { title, dtype }))
  }
}

/** @param {string} name @returns {Promise<unknown>} */
const importBuilt = (name) => import(pathToFileURL(path.join(root, 'dist', name)).href)
