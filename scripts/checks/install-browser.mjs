import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { tool } from './command.mjs'
import { complaint, findBrowser, thisMachine } from './find-browser.mjs'

/**
 * @typedef {object} Installer
 * @property {string} name
 * @property {readonly import('./command.mjs').Command[]} commands run in turn, until one fails
 */

/** @returns {Installer[]} */
function installers() {
  const download = tool('playwright', 'install', 'chromium')
  /** @type {Installer[]} */
  const known = [{ name: "Playwright's download", commands: [download] }]
  if (process.platform === 'linux') {
    const isRoot = process.getuid?.() === 0
    if (isRoot) {
      // Containers often lack the libraries of the download. Without root, the command would ask
      // for a password.
      const libraries = tool('playwright', 'install-deps', 'chromium')
      known.push({ name: 'its system libraries', commands: [download, libraries] })
    }
    /** @param {...string} options @returns {import('./command.mjs').Command} */
    const aptGet = (...options) =>
      isRoot ? ['apt-get', ...options] : ['sudo', '--non-interactive', 'apt-get', ...options]
    known.push({
      name: 'apt-get',
      commands: [
        aptGet('update'),
        aptGet('install', '--yes', '--no-install-recommends', 'chromium'),
      ],
    })
  }
  return known
}

/**
 * Returns the computer's browser, and installs one if there is none.
 *
 * @param {import('./find-browser.mjs').Machine} machine
 * @param {readonly Installer[]} available
 * @returns {{ path: string } | { path?: undefined, fault: string }} the browser, or one line about
 *   the failure
 */
export function ensureBrowser(machine = thisMachine(), available = installers()) {
  const found = findBrowser(machine)
  if (found.path !== undefined) return found

  const faults = [...found.tried]
  // The user must correct a wrong CHROME_PATH.
  const installing = machine.env['CHROME_PATH'] ? [] : available
  for (const installer of installing) {
    console.log(`No browser was found; trying ${installer.name} …`)
    const fault = install(installer)
    const now = findBrowser(machine)
    if (now.path !== undefined) return now
    faults.push(`${installer.name}: ${fault ?? now.tried.join(', ')}`)
  }
  return {
    fault: `No browser: ${faults.join('; ')}. Install Chrome or Chromium, or set CHROME_PATH.`,
  }
}

/** @param {Installer} installer @returns {string | undefined} why it failed */
function install({ commands }) {
  for (const [file, ...options] of commands) {
    const { status, error, stdout, stderr } = spawnSync(file, options, {
      encoding: 'utf8',
      timeout: 600_000,
    })
    if (status !== 0) return error?.message ?? complaint(stderr) ?? complaint(stdout) ?? 'it failed'
  }
  return undefined
}
