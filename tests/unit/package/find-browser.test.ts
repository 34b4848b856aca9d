import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findBrowser, usualPlaces, type Machine } from '../../../scripts/checks/find-browser.mjs'
import { ensureBrowser } from '../../../scripts/checks/install-browser.mjs'

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

/** A machine whose PATH is the test's folder alone, with nothing else installed. */
function machine(differences: Partial<Machine> = {}): Machine {
  return {
    platform: 'linux',
    env: { PATH: folder },
    playwrightPath: path.join(folder, 'playwright-chrome'),
    usualPlaces: [],
    ...differences,
  }
}

describe('findBrowser', () => {
  it('takes CHROME_PATH before any other', () => {
    program('chromium', works)
    const chosen = program('my-chrome', works)
    expect(findBrowser(machine({ env: { PATH: folder, CHROME_PATH: chosen } }))).toEqual({
      path: chosen,
    })
  })

  it('takes no other browser where CHROME_PATH names one that is not there', () => {
    program('chromium', works)
    const missing = path.join(folder, 'missing')
    expect(findBrowser(machine({ env: { PATH: folder, CHROME_PATH: missing } }))).toEqual({
      tried: [`CHROME_PATH is ${missing}, which does not exist or is not executable`],
    })
  })

  it('finds Chromium on PATH', () => {
    const chromium = program('chromium', works)
    const env = { PATH: `${path.join(folder, 'no-such-folder')}:${folder}` }
    expect(findBrowser(machine({ env }))).toEqual({ path: chromium })
  })

  it('prefers Chrome to Chromium', () => {
    program('chromium', works)
    const chrome = program('google-chrome', works)
    expect(findBrowser(machine())).toEqual({ path: chrome })
  })

  it('finds a browser in a usual place', () => {
    const chrome = program('Google Chrome', works)
    expect(findBrowser(machine({ usualPlaces: [chrome] }))).toEqual({ path: chrome })
  })

  it("takes Playwright's own where the system has none", () => {
    const own = program('playwright-chrome', works)
    expect(findBrowser(machine())).toEqual({ path: own })
  })

  it('passes over a browser that does not start', () => {
    program('chromium-browser', lacksLibrary)
    const own = program('playwright-chrome', works)
    expect(findBrowser(machine())).toEqual({ path: own })
  })

  it('says of each browser why it does not start', () => {
    const broken = program('chromium', lacksLibrary)
    expect(findBrowser(machine())).toEqual({
      tried: [
        `${broken} does not start (libnss3.so: cannot open shared object file)`,
        "Playwright's own does not exist or is not executable",
      ],
    })
  })
})

describe('usualPlaces', () => {
  it("has the user's and the system's applications on macOS", () => {
    expect(usualPlaces('darwin', {}, '/Users/ada')).toEqual([
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Users/ada/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Users/ada/Applications/Chromium.app/Contents/MacOS/Chromium',
    ])
  })

  it('has the program folders that Windows names', () => {
    expect(
      usualPlaces('win32', { LOCALAPPDATA: 'C:\\Users\\ada\\Local' }, 'C:\\Users\\ada'),
    ).toEqual([
      'C:\\Users\\ada\\Local\\Google\\Chrome\\Application\\chrome.exe',
      'C:\\Users\\ada\\Local\\Chromium\\Application\\chrome.exe',
    ])
  })
})

describe('ensureBrowser', () => {
  const download = 'echo "downloading"; echo "Error: getaddrinfo ENOTFOUND cdn.example" >&2; exit 1'

  it('installs nothing where there is a browser', () => {
    const chromium = program('chromium', works)
    const trace = path.join(folder, 'trace')
    const installer = program('installer', `touch "${trace}"`)
    const result = ensureBrowser(machine(), [{ name: 'installer', commands: [[installer]] }])
    expect(result).toEqual({ path: chromium })
    expect(existsSync(trace)).toBe(false)
  })

  it('goes on to the next installer when one fails', () => {
    const first = program('first', download)
    const source = program('source', works)
    const second = program('second', `cp "${source}" "${folder}/chromium"`)
    const result = ensureBrowser(machine(), [
      { name: 'first', commands: [[first]] },
      { name: 'second', commands: [['/bin/sh', second]] },
    ])
    expect(result).toEqual({ path: path.join(folder, 'chromium') })
  })

  it('runs the commands of an installer until one fails', () => {
    const update = program('update', download)
    const trace = path.join(folder, 'trace')
    const install = program('install', `touch "${trace}"`)
    ensureBrowser(machine(), [{ name: 'apt-get', commands: [[update], ['/bin/sh', install]] }])
    expect(existsSync(trace)).toBe(false)
  })

  it('says in one line what failed', () => {
    const failing = program('failing', download)
    const result = ensureBrowser(machine(), [
      { name: "Playwright's download", commands: [[failing]] },
      { name: 'apt-get', commands: [[path.join(folder, 'apt-get'), 'install']] },
    ])
    expect(result).toEqual({
      fault:
        'No browser: no Chrome or Chromium on PATH or in the usual places; ' +
        "Playwright's own does not exist or is not executable; " +
        "Playwright's download: Error: getaddrinfo ENOTFOUND cdn.example; " +
        `apt-get: spawnSync ${folder}/apt-get ENOENT. ` +
        'Install Chrome or Chromium, or set CHROME_PATH.',
    })
  })

  it('installs nothing in the place of a browser that was chosen', () => {
    const own = program('playwright-chrome', works)
    const result = ensureBrowser(machine({ env: { CHROME_PATH: '/no/chrome' } }), [
      { name: 'installer', commands: [[own]] },
    ])
    expect(result).toEqual({
      fault:
        'No browser: CHROME_PATH is /no/chrome, which does not exist or is not executable. ' +
        'Install Chrome or Chromium, or set CHROME_PATH.',
    })
  })
})
