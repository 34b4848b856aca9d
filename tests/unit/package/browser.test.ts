import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureBrowser, findBrowser } from '../../../scripts/checks/browser.mjs'

const works = 'echo "Chromium 150"'
const lacksLibrary = 'echo "libnss3.so: cannot open shared object file" >&2; exit 127'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-browser-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

function program(name: string, script: string): string {
  const file = path.join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

/** Searches a computer whose PATH is the test's folder. */
const search = (env: Readonly<Record<string, string>> = {}): ReturnType<typeof findBrowser> =>
  findBrowser({ PATH: folder, ...env }, path.join(folder, 'playwright-chrome'))

describe('findBrowser', () => {
  it('prefers CHROME_PATH', () => {
    program('chromium', works)
    const chosen = program('my-chrome', works)
    expect(search({ CHROME_PATH: chosen })).toEqual({ path: chosen })
  })

  it('uses no other browser if CHROME_PATH is wrong', () => {
    program('chromium', works)
    const missing = path.join(folder, 'missing')
    expect(search({ CHROME_PATH: missing })).toEqual({
      fault: `${missing} does not start (spawnSync ${missing} ENOENT)`,
    })
  })

  it('finds Chromium on PATH', () => {
    const chromium = program('chromium', works)
    expect(search({ PATH: `${folder}/no-such-folder:${folder}` })).toEqual({ path: chromium })
  })

  it('prefers Chrome to Chromium', () => {
    program('chromium', works)
    const chrome = program('google-chrome', works)
    expect(search()).toEqual({ path: chrome })
  })

  it("uses Playwright's own if PATH has none, or none that starts", () => {
    const own = program('playwright-chrome', works)
    expect(search()).toEqual({ path: own })
    program('chromium-browser', lacksLibrary)
    expect(search()).toEqual({ path: own })
  })

  it("reports why a browser doesn't start, and a missing browser", () => {
    expect(search()).toEqual({ fault: "no Chrome or Chromium on PATH, and none of Playwright's" })
    const broken = program('chromium', lacksLibrary)
    expect(search()).toEqual({
      fault: `${broken} does not start (libnss3.so: cannot open shared object file)`,
    })
  })
})

describe('ensureBrowser', () => {
  const download = 'echo "downloading"; echo "Error: getaddrinfo ENOTFOUND cdn.example" >&2; exit 1'

  it('installs nothing if a browser exists', () => {
    const chromium = program('chromium', works)
    const trace = path.join(folder, 'trace')
    const installer = program('installer', `touch "${trace}"`)
    expect(ensureBrowser(search(), [[[installer]]], search)).toEqual({ path: chromium })
    expect(existsSync(trace)).toBe(false)
  })

  it('tries the next installer when one fails', () => {
    const first = program('first', download)
    const source = program('source', works)
    const second = program('second', `cp "${source}" "${folder}/chromium"`)
    expect(ensureBrowser(search(), [[[first]], [['/bin/sh', second]]], search)).toEqual({
      path: path.join(folder, 'chromium'),
    })
  })

  it('runs the commands of an installer until one fails', () => {
    const update = program('update', download)
    const trace = path.join(folder, 'trace')
    const install = program('install', `touch "${trace}"`)
    ensureBrowser(search(), [[[update], ['/bin/sh', install]]], search)
    expect(existsSync(trace)).toBe(false)
  })

  it('reports in one line what failed', () => {
    const failing = program('failing', download)
    const missing = path.join(folder, 'apt-get')
    expect(ensureBrowser(search(), [[[failing]], [[missing, 'install']]], search)).toEqual({
      fault:
        "No browser: no Chrome or Chromium on PATH, and none of Playwright's; " +
        `Error: getaddrinfo ENOTFOUND cdn.example; spawnSync ${missing} ENOENT. ` +
        'Install Chrome or Chromium, or set CHROME_PATH.',
    })
  })
})
