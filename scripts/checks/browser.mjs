import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { chromium } from 'playwright'
import { tool } from './command.mjs'

const names = ['google-chrome-stable', 'google-chrome', 'chrome', 'chromium', 'chromium-browser']

/**
 * Finds the first browser that starts: CHROME_PATH, Chrome or Chromium on PATH, Playwright's own.
 *
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {string} playwrightPath
 * @returns {{ path: string } | { path?: undefined, fault: string }} the browser, or why none was found
 */
export function findBrowser(env = process.env, playwrightPath = chromium.executablePath()) {
  const chosen = env['CHROME_PATH']
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '')
  const installed = [
    ...names.flatMap((name) => folders.map((folder) => path.join(folder, name))),
    playwrightPath,
  ]
  /** @type {string[]} */
  const faults = []
  // If CHROME_PATH is wrong, another browser would hide the mistake.
  for (const file of chosen ? [chosen] : installed.filter((file) => existsSync(file))) {
    const fault = startFault(file)
    if (fault === undefined) return { path: file }
    faults.push(`${file} does not start (${fault})`)
  }
  return { fault: faults.join('; ') || "no Chrome or Chromium on PATH, and none of Playwright's" }
}

/**
 * Finds a browser, and installs one if there is none.
 *
 * @param {ReturnType<typeof findBrowser>} found
 * @param {readonly (readonly import('./command.mjs').Command[])[]} installers each a list of
 *   commands, which run in turn until one fails
 * @param {() => ReturnType<typeof findBrowser>} search
 * @returns {ReturnType<typeof findBrowser>}
 */
export function ensureBrowser(
  found = findBrowser(),
  installers = process.env['CHROME_PATH'] ? [] : knownInstallers(),
  search = findBrowser,
) {
  const faults = found.path === undefined ? [found.fault] : []
  for (const commands of installers) {
    if (found.path !== undefined) break
    console.log(`No browser was found; trying ${commands.at(-1)?.join(' ') ?? ''} …`)
    /** @type {string | undefined} */
    let fault
    for (const command of commands) fault ??= failureOf(command)
    found = search()
    if (found.path === undefined) faults.push(fault ?? found.fault)
  }
  if (found.path !== undefined) return found
  return {
    fault: `No browser: ${faults.join('; ')}. Install Chrome or Chromium, or set CHROME_PATH.`,
  }
}

/** @returns {import('./command.mjs').Command[][]} */
function knownInstallers() {
  const download = tool('playwright', 'install', 'chromium')
  if (process.platform !== 'linux') return [[download]]
  const isRoot = process.getuid?.() === 0
  /** @param {...string} options @returns {import('./command.mjs').Command} */
  const aptGet = (...options) =>
    isRoot ? ['apt-get', ...options] : ['sudo', '--non-interactive', 'apt-get', ...options]
  const packages = [
    aptGet('update'),
    aptGet('install', '--yes', '--no-install-recommends', 'chromium'),
  ]
  // Containers often lack the libraries of the download, which only root can install.
  const libraries = isRoot ? [[download, tool('playwright', 'install-deps', 'chromium')]] : []
  return [[download], ...libraries, packages]
}

/** @param {string} file @returns {string | undefined} why it doesn't start */
function startFault(file) {
  // On Windows `chrome --version` opens a window instead.
  if (process.platform === 'win32') return existsSync(file) ? undefined : 'no such file'
  return failureOf([file, '--version'])
}

/**
 * Runs a command to its end.
 *
 * @param {import('./command.mjs').Command} command
 * @returns {string | undefined} why it failed, in one line
 */
function failureOf([file, ...options]) {
  const ran = spawnSync(file, options, { encoding: 'utf8', timeout: 600_000 })
  if (ran.status === 0) return undefined
  if (ran.error !== undefined) return ran.error.message
  const lines = `${ran.stdout}\n${ran.stderr}`.split('\n').flatMap((line) => line.trim() || [])
  const error = lines.find((line) => /^(error|e|sudo): /i.test(line)) ?? lines.at(-1)
  return error ?? `status ${String(ran.status)}`
}
