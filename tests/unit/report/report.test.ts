import { createHash } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { decodeFrame, encodeFrame } from 'gradlens/frame'
import { reportHtml, type ReportSource } from 'gradlens/report'
import { expect, it } from 'vitest'
import { createRaster } from '../../../src/elements/base/picture/pixels.js'
import { encodePng } from '../../../src/report/png.js'
import {
  carExplanation,
  carFeatures,
  digitExplanation,
  reviewExplanation,
  reviewTokens,
  severalInputsExplanation,
  weatherExplanation,
} from '../../support/elements/element-fixtures.js'
import { slowCrc32 } from '../../support/frame-bytes.js'
import { rankingJson } from '../../support/gradients/ranking-fixtures.js'

const elements = 'globalThis.ran = true'
const predictions = { meta: carExplanation().meta, data: { predictions: [[0.2, 0.8]] } }

/** The parts of a PNG: its chunks by type, with their checksums tested. */
function readPng(bytes: Uint8Array): { width: number; height: number; pixels: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const chunks = new Map<string, Uint8Array>()
  for (let at = 8; at < bytes.length;) {
    const length = view.getUint32(at)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    chunks.set(type, bytes.subarray(at + 8, at + 8 + length))
    expect(view.getUint32(at + 8 + length)).toBe(slowCrc32(bytes.subarray(at + 4, at + 8 + length)))
    at += length + 12
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND'])
  const header = chunks.get('IHDR')!
  expect([...header.subarray(8)]).toEqual([8, 6, 0, 0, 0])
  const size = new DataView(header.buffer, header.byteOffset)
  const [width, height] = [size.getUint32(0), size.getUint32(4)]
  const lines = inflateSync(chunks.get('IDAT')!)
  expect(lines.length).toBe(height * (width * 4 + 1))
  const rows = Array.from({ length: height }, (_, row) => {
    const line = lines.subarray(row * (width * 4 + 1), (row + 1) * (width * 4 + 1))
    expect(line[0]).toBe(0)
    return [...line.subarray(1)]
  })
  return { width, height, pixels: Uint8Array.from(rows.flat()) }
}

const imagesOf = (html: string): Uint8Array[] =>
  [...html.matchAll(/src="data:image\/png;base64,([^"]+)"/g)].map(([, text]) =>
    Uint8Array.from(Buffer.from(text!, 'base64')),
  )

const framesOf = (html: string): Uint8Array[] =>
  [...html.matchAll(/<script type="application\/x-gradlens-frame">([^<]+)<\/script>/g)].map(
    ([, text]) => Uint8Array.from(Buffer.from(text!, 'base64')),
  )

it('writes pixels as PNG without a canvas', async () => {
  const raster = createRaster(3, 2)
  raster.data.forEach((_, at) => {
    raster.data[at] = (at * 37) % 256
  })
  const { width, height, pixels } = readPng(await encodePng(raster))
  expect([width, height]).toEqual([3, 2])
  expect(pixels).toEqual(new Uint8Array(raster.data))
})

const kinds: readonly [string, ReportSource, Record<string, unknown>, RegExp, number][] = [
  ['an image', digitExplanation(), {}, /The .* counts most for 8 \(\+\S+\)/, 10],
  [
    'a text',
    reviewExplanation(),
    { tokens: ['', '', ...reviewTokens] },
    /“moving”.*count most for 1/,
    reviewTokens.length + 1,
  ],
  ['a row', carExplanation(), { features: carFeatures }, /is weight \(−3\.18\)/, 8],
  [
    'a time series',
    weatherExplanation(),
    { kind: 'series' },
    /^feature 1 counts most for 1, most of all at step 40/,
    4,
  ],
  ['a ranking', rankingJson(), {}, /./, 3],
  ['predictions', predictions, {}, /80 %|80\u202f%/, 3],
]

it.each(kinds)(
  'has the numbers, a picture, a sentence and a table of %s',
  async (_, explanation, side, sentence, rowCount) => {
    const html = await reportHtml({ explanation, side, title: 'One' }, { elements })
    const [frame] = framesOf(html)
    expect(encodeFrame(decodeFrame(frame!).explanation, decodeFrame(frame!).side)).toEqual(frame)
    expect(html).toContain('<h2>One</h2>')
    expect(/<figcaption>(.*?)<\/figcaption>/.exec(html)?.[1]).toMatch(sentence)
    const [image] = imagesOf(html)
    const { pixels } = readPng(image!)
    expect(new Set(pixels).size).toBeGreaterThan(2)
    expect(html.match(/<tr>/g)!.length).toBeGreaterThanOrEqual(rowCount)
  },
)

it('has a still of each input', async () => {
  const html = await reportHtml(severalInputsExplanation(), { elements })
  expect(framesOf(html)).toHaveLength(1)
  expect(imagesOf(html)).toHaveLength(2)
  expect(html).toContain('<strong>picture</strong>')
})

it('allows exactly its own script and style, and no requests', async () => {
  const html = await reportHtml([carExplanation(), digitExplanation()], {
    elements,
    title: 'A & B',
  })
  const hash = (text: string): string =>
    `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)![1]!
  const style = /<style>([^<]+)<\/style>/.exec(html)![1]!
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    `script-src ${hash(elements)}`,
    `style-src ${hash(style)}`,
    'img-src data: blob:',
    "require-trusted-types-for 'script'",
    'trusted-types lit-html',
    "base-uri 'none'",
    "form-action 'none'",
  ])
  expect(html.match(/<head>/g)).toHaveLength(1)
  expect(html).toContain('<title>A &amp; B</title>')
  expect(html).not.toMatch(/ (?:style|on\w+)="|https?:/)
})

it('shows hostile names as text everywhere', async () => {
  const hostile = `</script><img src=x onerror="alert(1)">\u2028<!--'&`
  const side = {
    labels: Array.from({ length: 10 }, () => hostile),
    features: carFeatures.map(() => hostile),
  }
  for (const explanation of [digitExplanation(), carExplanation(), rankingJson()]) {
    const html = await reportHtml(
      { explanation, side, title: hostile },
      { elements, title: hostile, language: '"><b>' },
    )
    expect(html).not.toContain('<img src=x')
    expect(html).not.toContain('<!--')
    expect(html.match(/<\/script>/g)).toHaveLength(2)
    expect(html).not.toContain('<b>')
  }
})

it('accepts frames with their side data, and writes float16 on request', async () => {
  const frame = encodeFrame(carExplanation(), { features: carFeatures })
  const html = await reportHtml(frame, { elements, dtype: 'float16' })
  expect(html).toContain('weight')
  expect(decodeFrame(framesOf(html)[0]!)).toMatchObject({
    dtype: 'float16',
    side: { features: carFeatures },
  })
})

it.each([
  ['no explanation', [], {}, /explanations: got none/],
  ['a number', 7, {}, /explanation: got 7/],
  ['an unknown option', carExplanation(), { theme: 'dark' }, /options: got 'theme'/],
  [
    'a script that would end its element',
    carExplanation(),
    { elements: 'a = "</script>"' },
    /elements: got a script with '<\/script'/,
  ],
  [
    'a missing kit',
    carExplanation(),
    { elements: undefined },
    /in the option 'elements', since the file is not at file:/,
  ],
])('refuses %s', async (_, explanations, options, message) => {
  await expect(reportHtml(explanations as ReportSource, { elements, ...options })).rejects.toThrow(
    message,
  )
})
