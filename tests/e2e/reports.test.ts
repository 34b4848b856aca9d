import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Frame, Page } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeFrame } from 'gradlens/frame'
import {
  carFeatures,
  carExplanation,
  digitExplanation,
} from '../support/elements/element-fixtures.js'
import { launchBrowser } from './demo-page.js'

const hostile = `</script><img src=x onerror="document.title = 'parsed'">`
const screenshots = path.resolve(import.meta.dirname, '../../dist-screenshots')

let folder: string
let html: string
let browser: Browser
let server: Server
let address: string
/** The headers and the body of each path. */
const pages = new Map<string, { headers: Record<string, string>; body: string }>()

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true })
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-report-'))
  const labels = Array.from({ length: 10 }, (_, digit) => (digit === 8 ? hostile : String(digit)))
  writeFileSync(path.join(folder, 'digit.safetensors'), encodeFrame(digitExplanation(), { labels }))
  writeFileSync(path.join(folder, 'car.json'), JSON.stringify(carExplanation()))
  const printed = execFileSync(
    process.execPath,
    [
      path.resolve('dist/cli.js'),
      'report',
      'digit.safetensors',
      'car.json',
      '--out',
      'report.html',
      '--title',
      hostile,
      '--features',
      carFeatures.map((name) => name.replace(',', '')).join(),
    ],
    { cwd: folder, encoding: 'utf8' },
  )
  expect(printed).toMatch(/^report\.html: 2 explanations, \d+ kB\.\n$/)
  html = readFileSync(path.join(folder, 'report.html'), 'utf8')
  server = createServer(({ url = '/' }, response) => {
    const page = pages.get(url)
    response.writeHead(page === undefined ? 404 : 200, {
      'content-type': 'text/html; charset=utf-8',
      ...page?.headers,
    })
    response.end(page?.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  server.close()
  rmSync(folder, { recursive: true })
})

/** The address of a page with these headers. */
function serve(name: string, body: string, headers: Record<string, string> = {}): string {
  pages.set(`/${name}`, { body, headers })
  return `${address}/${name}`
}

const embed = (name: string, sandbox: string, attributes = 'src="/report"'): string => {
  serve('report', html)
  return serve(
    name,
    `<!doctype html><iframe sandbox="${sandbox}" ${attributes} width="1000" height="800"></iframe>`,
  )
}

const escapeAttribute = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')

const scriptHash = (): string =>
  createHash('sha256')
    .update(/<script>([^]*?)<\/script>/.exec(html)![1]!)
    .digest('base64')

/** Where reports are shown: by what, and the address of the page. */
const cages: Readonly<Record<string, () => string>> = {
  'a file': () => pathToFileURL(path.join(folder, 'report.html')).href,
  'a server': () => serve('plain', html),
  'a frame with sandbox="allow-scripts"': () => embed('sandbox', 'allow-scripts'),
  'a srcdoc frame with sandbox="allow-scripts"': () =>
    embed('srcdoc', 'allow-scripts', `srcdoc="${escapeAttribute(html)}"`),
  'a blob: frame with sandbox="allow-scripts"': () =>
    serve(
      'blob',
      `<!doctype html><script>
        fetch('/report').then((answer) => answer.blob()).then((blob) => {
          const frame = document.createElement('iframe')
          frame.sandbox = 'allow-scripts'
          frame.width = 1000
          frame.height = 800
          frame.src = URL.createObjectURL(new Blob([blob], { type: 'text/html' }))
          document.body.append(frame)
        })
      </script>`,
    ),
  'a policy of inline scripts alone': () =>
    serve('inline', html, {
      'content-security-policy':
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:",
    }),
  'a policy of hashed scripts alone': () =>
    serve('hashed', html, {
      'content-security-policy': `default-src 'none'; script-src 'sha256-${scriptHash()}'`,
    }),
  'a policy with Trusted Types': () =>
    serve('trusted', html, { 'content-security-policy': "require-trusted-types-for 'script'" }),
  'a policy with sandbox allow-scripts': () =>
    serve('policy-sandbox', html, { 'content-security-policy': 'sandbox allow-scripts' }),
  'cross-origin isolation': () =>
    serve('isolated', html, {
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    }),
}

const deadCages: Readonly<Record<string, () => string>> = {
  'a frame with an empty sandbox': () => embed('no-scripts', ''),
  'a policy without scripts': () =>
    serve('no-script-policy', html, {
      'content-security-policy': "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    }),
}

/** The frame with the report: the page's own, or the one inside. */
async function findReport(page: Page): Promise<Frame> {
  await expect
    .poll(async () =>
      (await Promise.all(page.frames().map((frame) => frame.locator('h1').count()))).some(
        (count) => count > 0,
      ),
    )
    .toBe(true)
  const counts = await Promise.all(page.frames().map((frame) => frame.locator('h1').count()))
  return page.frames()[counts.findIndex((count) => count > 0)]!
}

/** What went wrong on the page, and what it asked the network for. */
function watch(page: Page): { faults: string[]; requests: string[] } {
  const [faults, requests]: [string[], string[]] = [[], []]
  page.on('pageerror', ({ message }) => faults.push(message))
  page.on('request', (request) => {
    if (!/^(?:data|blob):/.test(request.url())) requests.push(request.url())
  })
  return { faults, requests }
}

it.each(Object.keys(cages))('is live in %s', async (name) => {
  const page = await browser.newPage({ viewport: { width: 1040, height: 900 } })
  try {
    serve('report', html)
    const { faults, requests } = watch(page)
    await page.goto(cages[name]!())
    const report = await findReport(page)
    await report.locator('gl-attribution-bars figcaption').waitFor()
    expect(await report.locator('gl-attribution-image figcaption').textContent()).toContain(hostile)
    expect(await report.locator('gl-attribution-bars figcaption').textContent()).toContain(
      'weight (−3.18)',
    )
    // The stills are there and hidden.
    expect(await report.locator('gl-explanation > figure').count()).toBe(2)
    expect(await report.locator('gl-explanation > figure:visible').count()).toBe(0)
    expect(await report.title()).toBe(hostile)
    expect(await report.locator('h1').textContent()).toBe(hostile)
    expect(faults).toEqual([])
    expect(
      requests.filter((url) => !url.startsWith('file:')).every((url) => url.startsWith(address)),
    ).toBe(true)
    expect(requests.length).toBeLessThanOrEqual(2)
    if (name === 'a file')
      await page.screenshot({ path: path.join(screenshots, 'report-live.png'), fullPage: true })
  } finally {
    await page.close()
  }
})

it.each(Object.keys(deadCages))('shows pictures, sentences and tables in %s', async (name) => {
  const page = await browser.newPage({ viewport: { width: 1040, height: 900 } })
  try {
    await page.goto(deadCages[name]!())
    const report = await findReport(page)
    expect(await report.locator('gl-explanation > figure:visible').count()).toBe(2)
    expect(await report.locator('gl-explanation > table:visible').count()).toBe(2)
    expect(await report.locator('figcaption').first().textContent()).toContain(hostile)
    const widths = await report
      .locator('figure img')
      .evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth))
    expect(Math.min(...widths)).toBeGreaterThan(0)
    expect(await report.locator('gl-attribution-image').count()).toBe(0)
    await page.screenshot({
      path: path.join(screenshots, `report-still-${name.replaceAll(' ', '-')}.png`),
      fullPage: true,
    })
  } finally {
    await page.close()
  }
})

it('says why nothing is saved in a frame that forbids it', async () => {
  const page = await browser.newPage({ viewport: { width: 1040, height: 900 } })
  try {
    await page.goto(embed('save', 'allow-scripts'))
    const report = await findReport(page)
    await report.locator('gl-attribution-bars summary').click()
    await report.locator('gl-attribution-bars').getByRole('button', { name: 'Table (CSV)' }).click()
    await expect
      .poll(() => report.locator('gl-attribution-bars [part="save-note"]').textContent())
      .toContain("Add allow-downloads to the frame's sandbox attribute.")
  } finally {
    await page.close()
  }
})

it('has at most 250 kB with two explanations', () => {
  expect(Buffer.byteLength(html)).toBeLessThanOrEqual(250_000)
})

it("names the file that isn't an explanation, and fails", () => {
  writeFileSync(path.join(folder, 'bad.json'), '{"meta": 1}')
  expect(() =>
    execFileSync(
      process.execPath,
      [path.resolve('dist/cli.js'), 'report', 'bad.json', '--out', 'x.html'],
      {
        cwd: folder,
        stdio: 'pipe',
      },
    ),
  ).toThrow(/bad\.json: json: got .*; expected an explanation/)
})
