import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { encodeFrame } from 'gradlens/frame'
import {
  carFeatures,
  carExplanation,
  digitExplanation,
} from '../../support/elements/element-fixtures.js'
import { expectNoOtherRequests, hostile, hostReports, screenshotFile } from './hosted-reports.js'
import { places, placesWithoutScripts, type Report } from './report-places.js'

const host = hostReports()
let report: Report

beforeAll(() => {
  const labels = Array.from({ length: 10 }, (_, digit) => (digit === 8 ? hostile : String(digit)))
  const digit = encodeFrame(digitExplanation(), { labels })
  writeFileSync(path.join(host.folder, 'digit.safetensors'), digit)
  writeFileSync(path.join(host.folder, 'car.json'), JSON.stringify(carExplanation()))
  const printed = host.run(
    ...['digit.safetensors', 'car.json', '--out', 'report.html', '--title', hostile],
    ...['--features', carFeatures.map((name) => name.replace(',', '')).join()],
  )
  expect(printed).toMatch(/^report\.html: 2 explanations, \d+ kB\.\n$/)
  report = host.serve('report.html')
})

it.each(Object.keys(places))('is live in %s', async (name) => {
  await host.visit(places[name]!(report), async ({ shown, page, faults, requests }) => {
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
    expectNoOtherRequests(requests, host.server)
    if (name === 'a file') {
      await page.screenshot({ path: screenshotFile('report-live'), fullPage: true })
    }
  })
})

it.each(Object.keys(placesWithoutScripts))(
  'shows pictures, sentences and tables in %s',
  async (name) => {
    await host.visit(placesWithoutScripts[name]!(report), async ({ shown, page }) => {
      expect(await shown.locator('gl-explanation > figure:visible').count()).toBe(2)
      expect(await shown.locator('gl-explanation > table:visible').count()).toBe(2)
      expect(await shown.locator('figcaption').first().textContent()).toContain(hostile)
      const widths = await shown
        .locator('figure img')
        .evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth))
      expect(Math.min(...widths)).toBeGreaterThan(0)
      expect(await shown.locator('gl-attribution-image').count()).toBe(0)
      await page.screenshot({
        path: screenshotFile(`report-still-${name.replaceAll(' ', '-')}`),
        fullPage: true,
      })
    })
  },
)

it('explains why a frame without allow-downloads saves nothing', async () => {
  await host.visit(host.server.embed('save', 'allow-scripts'), async ({ shown }) => {
    await shown.locator('gl-attribution-bars summary').click()
    await shown.locator('gl-attribution-bars').getByRole('button', { name: 'Table (CSV)' }).click()
    await expect
      .poll(() => shown.locator('gl-attribution-bars [part="save-note"]').textContent())
      .toContain("Add allow-downloads to the frame's sandbox attribute.")
  })
})

it('has at most 250 kB with two explanations', () => {
  expect(Buffer.byteLength(report.html)).toBeLessThanOrEqual(250_000)
})

it("names the file that isn't an explanation, and fails", () => {
  writeFileSync(path.join(host.folder, 'bad.json'), '{"meta": 1}')
  expect(() => host.run('bad.json', '--out', 'x.html')).toThrow(
    /bad\.json: json: got .*; expected an explanation/,
  )
})
