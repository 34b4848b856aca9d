import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { chromium } from 'playwright'

/**
 * @typedef {object} Machine the input of the search, which tests can replace
 * @property {NodeJS.Platform} platform
 * @property {Readonly<Record<string, string | undefined>>} env
 * @property {string} playwrightPath the path of Playwright's own download, if any
 * @property {readonly string[]} usualPlaces
 */

/** @returns {Machine} */
export function thisMachine() {
  const { platform, env } = process
  return {
    platform,
    env,
    playwrightPath: chromium.executablePath(),
    usualPlaces: usualPlaces(platform, env, homedir()),
  }
}

/**
 * Finds the first browser that starts: CHROME_PATH, the system's Chrome or Chromium, Playwright's
 * own.
 *
 * @param {Machine} machine
 * @returns {{ path: string } | { path?: undefined, tried: string[] }} the browser, or each attempt
 *   and why it failed
 */
export function findBrowser(machine = thisMachine()) {
  const chosen = machine.env['CHROME_PATH']
  if (chosen !== undefined && chosen !== '') {
    // If CHROME_PATH is wrong, another browser would hide the mistake.
    const fault = startFault(chosen, machine.platform)
    return fault === undefined
      ? { path: chosen }
      : { tried: [`CHROME_PATH is ${chosen}, which ${fault}`] }
  }

  const found = [...onPath(machine), ...machine.usualPlaces].filter(isExecutable)
  const tried = found.length > 0 ? [] : ['no Chrome or Chromium on PATH or in the usual places']
  for (const file of [...found, machine.playwrightPath]) {
    const fault = startFault(file, machine.platform)
    if (fault === undefined) return { path: file }
    tried.push(file === machine.playwrightPath ? `Playwright's own ${fault}` : `${file} ${fault}`)
  }
  return { tried }
}

/** @param {Machine} machine */
function onPath({ platform, env }) {
  const [separator, suffix] = platform === 'win32' ? [';', '.exe'] : [':', '']
  const folders = (env['PATH'] ?? '').split(separator).filter((folder) => folder !== '')
  return [
    'google-chrome-stable',
    'google-chrome',
    'chrome',
    'chromium',
    'chromium-browser',
  ].flatMap((name) => folders.map((folder) => path.join(folder, name + suffix)))
}

/**
 * @param {NodeJS.Platform} platform
 * @param {Machine['env']} env
 * @param {string} home
 */
export function usualPlaces(platform, env, home) {
  if (platform === 'darwin') {
    return ['', home].flatMap((root) => [
      `${root}/Applications/Google Chrome.app/Contents/MacOS/Google Chrome`,
      `${root}/Applications/Chromium.app/Contents/MacOS/Chromium`,
    ])
  }
  if (platform === 'win32') {
    return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((variable) => {
      const root = env[variable]
      return root === undefined
        ? []
        : [
            `${root}\\Google\\Chrome\\Application\\chrome.exe`,
            `${root}\\Chromium\\Application\\chrome.exe`,
          ]
    })
  }
  return ['/opt/google/chrome/chrome', '/usr/lib/chromium/chromium', '/snap/bin/chromium']
}

/**
 * Returns why the browser doesn't start, as the end of a sentence after its name; undefined if it
 * starts.
 *
 * @param {string} file
 * @param {NodeJS.Platform} platform
 */
function startFault(file, platform) {
  if (!isExecutable(file)) return 'does not exist or is not executable'
  // On Windows `chrome --version` opens a window instead.
  if (platform === 'win32') return undefined
  const { status, signal, error, stderr } = spawnSync(file, ['--version'], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  if (status === 0) return undefined
  const reason = error?.message ?? complaint(stderr) ?? signal ?? `status ${String(status)}`
  return `does not start (${reason})`
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/**
 * Returns the line of a program's output that describes the error.
 *
 * @param {string} output
 */
export function complaint(output) {
  const lines = output.split('\n').flatMap((line) => line.trim() || [])
  return lines.find((line) => /^(error|e|sudo): /i.test(line)) ?? lines.at(-1)
}
