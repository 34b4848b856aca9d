import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect } from 'vitest'
import { launchBrowser } from '../launch-browser.js'
import type { Report } from './report-places.js'
import { ReportServer } from './report-server.js'
import { visitReport, type ShownReport } from './visit-report.js'

/** A text that would run as a script in a page that doesn't escape it. */
export const hostile = `</script><img src=x onerror="document.title = 'parsed'">`

const screenshots = path.resolve(import.meta.dirname, '../../../dist-screenshots')

/** The path of a screenshot, which is written for people to look at. */
export const screenshotFile = (name: string): string => path.join(screenshots, `${name}.png`)

/** A folder for the files of reports, a server and a browser, during the tests of a file. */
export interface HostedReports {
  readonly folder: string
  readonly server: ReportServer
  /** Runs `gradlens report` of the built package in the folder, and returns what it prints. */
  run(...options: string[]): string
  /** Reads a report from the folder and serves it. */
  serve(file: string): Report
  /** Opens a page with a report and checks it. */
  visit(address: string, check: (shown: ShownReport) => Promise<void>): Promise<void>
}

export function hostReports(): HostedReports {
  let browser: Browser
  let server: ReportServer
  const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-reports-'))
  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true })
    server = await ReportServer.start()
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser.close()
    server.close()
    rmSync(folder, { recursive: true })
  })
  return {
    folder,
    get server() {
      return server
    },
    run: (...options) =>
      execFileSync(process.execPath, [path.resolve('dist/cli.js'), 'report', ...options], {
        cwd: folder,
        encoding: 'utf8',
        stdio: 'pipe',
      }),
    serve(name) {
      const file = path.join(folder, name)
      const html = readFileSync(file, 'utf8')
      server.serve('report', html)
      return { html, file, server }
    },
    visit: (address, check) => visitReport(browser, address, check),
  }
}

/** Checks that a page loads itself and at most the page around it, from disk or from the server of the test. */
export function expectNoOtherRequests(requests: readonly string[], server: ReportServer): void {
  const elsewhere = requests.filter(
    (url) => !url.startsWith('file:') && !url.startsWith(server.address),
  )
  expect(elsewhere).toEqual([])
  expect(requests.length).toBeLessThanOrEqual(2)
}
