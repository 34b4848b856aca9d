import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeFrame } from 'gradlens/frame'
import {
  carFeatures,
  carExplanation,
  digitExplanation,
} from '../../support/elements/element-fixtures.js'
import { launchBrowser } from '../launch-browser.js'
import { type CagedReport, cages, deadCages } from './report-cages.js'
import { ReportServer } from './report-server.js'
import { visitReport } from './visit-report.js'

const hostile = `</script><img src=x onerror="document.title = 'parsed'">`
const screenshots = path.resolve(import.meta.dirname, '../../../dist-screenshots')

let folder: string
let html: string
let browser: Browser
let server: ReportServer
let report: CagedReport

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
  server = await ReportServer.start()
  server.serve('report', html)
  report = { html, file: path.join(folder, 'report.html'), server }
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  server.close()
  rmSync(folder, { recursive: true })
})

it.each(Object.keys(cages))('is live in %s', async (name) => {
  await visitReport(browser, cages[name]!(report), async ({ shown, page, faults, requests }) => {
    await shown.locator('gl-attribution-bars figcaption').waitFor()
    expect(await shown.locator('gl-attribution-image figcaption').textContent()).toContain(hostile)
    expect(await shown.locator('gl-attribution-bars figcaption').textContent()).toContain(
      'weight (−3.18)',
    )
    // The stills are there and hidden.
    expect(await shown.locator('gl-explanation > figure').count()).toBe(2)
    expect(await shown.locator('gl-explanation > figure:visible').count()).toBe(0)
    expect(await shown.title()).toBe(hostile)
    expect(await shown.locator('h1').textContent()).toBe(hostile)
    expect(faults).toEqual([])
    expect(
      requests
        .filter((url) => !url.startsWith('file:'))
        .every((url) => url.startsWith(server.address)),
    ).toBe(true)
    expect(requests.length).toBeLessThanOrEqual(2)
    if (name === 'a file')
      await page.screenshot({ path: path.join(screenshots, 'report-live.png'), fullPage: true })
  })
})

it.each(Object.keys(deadCages))('shows pictures, sentences and tables in %s', async (name) => {
  await visitReport(browser, deadCages[name]!(report), async ({ shown, page }) => {
    expect(await shown.locator('gl-explanation > figure:visible').count()).toBe(2)
    expect(await shown.locator('gl-explanation > table:visible').count()).toBe(2)
    expect(await shown.locator('figcaption').first().textContent()).toContain(hostile)
    const widths = await shown
      .locator('figure img')
      .evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth))
    expect(Math.min(...widths)).toBeGreaterThan(0)
    expect(await shown.locator('gl-attribution-image').count()).toBe(0)
    await page.screenshot({
      path: path.join(screenshots, `report-still-${name.replaceAll(' ', '-')}.png`),
      fullPage: true,
    })
  })
})

it('says why nothing is saved in a frame that forbids it', async () => {
  await visitReport(browser, server.embed('save', 'allow-scripts'), async ({ shown }) => {
    await shown.locator('gl-attribution-bars summary').click()
    await shown.locator('gl-attribution-bars').getByRole('button', { name: 'Table (CSV)' }).click()
    await expect
      .poll(() => shown.locator('gl-attribution-bars [part="save-note"]').textContent())
      .toContain("Add allow-downloads to the frame's sandbox attribute.")
  })
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
