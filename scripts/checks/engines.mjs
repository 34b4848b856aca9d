import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { firefox, webkit } from 'playwright'
import { run, tool } from './command.mjs'

/**
 * Starts a browser at an address; returns a function that ends it.
 *
 * @typedef {(url: string) => EndEngine | Promise<EndEngine>} StartEngine
 * @typedef {() => Promise<void>} EndEngine
 */

/** @typedef {'firefox' | 'webkit'} EngineName */

/** @type {readonly EngineName[]} */
export const engineNames = ['firefox', 'webkit']

/** @type {Readonly<Record<EngineName, () => StartEngine | undefined>>} */
const installed = {
  firefox: () => findFirefox() ?? findPlaywrights(firefox),
  webkit: () => findWebKitGtk() ?? findPlaywrights(webkit),
}

/**
 * Finds Firefox or WebKit: of the system, or Playwright's.
 *
 * @param {EngineName} name
 * @returns {StartEngine | undefined} undefined if it isn't installed
 */
export const findEngine = (name) => installed[name]()

/**
 * Installs Firefox and WebKit where they are missing.
 *
 * @returns {Promise<string | undefined>} why one is missing; undefined if both are there
 */
export async function ensureEngines() {
  const missing = () => engineNames.filter((name) => findEngine(name) === undefined)
  const outputs = []
  for (const command of missing().length === 0 ? [] : installers()) {
    if (missing().length === 0) break
    const { status, output } = await run(command)
    if (status !== 0) outputs.push(output.trim().split('\n').at(-1))
  }
  const left = missing()
  if (left.length === 0) return undefined
  return `${left.join(' and ')} could not be installed: ${outputs.join('; ')}. Install Playwright's browsers, or on Debian firefox-esr, webkit2gtk-driver, xvfb and xauth.`
}

/** @returns {import('./command.mjs').Command[]} */
function installers() {
  const download = tool('playwright', 'install', 'firefox', 'webkit')
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return [download]
  /** @type {import('./command.mjs').Command} */
  const packages = [
    'apt-get',
    ...['install', '--yes', '--no-install-recommends'],
    ...['firefox-esr', 'webkit2gtk-driver', 'xvfb', 'xauth'],
  ]
  return [['apt-get', 'update'], packages, download]
}

/** @returns {StartEngine | undefined} */
function findFirefox() {
  const command = ['firefox-esr', 'firefox'].find(
    (name) => spawnSync(name, ['--version']).status === 0,
  )
  if (command === undefined) return undefined
  return (url) =>
    launch((home) => {
      const profile = path.join(home, 'profile')
      mkdirSync(profile)
      writeFileSync(
        path.join(profile, 'user.js'),
        'user_pref("browser.aboutwelcome.enabled", false);\n' +
          'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n',
      )
      return [command, '--headless', '--no-remote', '--profile', profile, url]
    })
}

/** WebKitGTK's own small browser, on a display of its own. @returns {StartEngine | undefined} */
function findWebKitGtk() {
  const triplet = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`
  const command = ['/usr/libexec', `/usr/lib/${triplet}`, '/usr/lib64']
    .flatMap((at) => (existsSync(at) ? readdirSync(at).map((name) => path.join(at, name)) : []))
    .filter((at) => path.basename(at).startsWith('webkit2gtk-4.'))
    .map((at) => path.join(at, 'MiniBrowser'))
    .find((file) => existsSync(file))
  if (command === undefined || spawnSync('xvfb-run', ['--help']).status !== 0) return undefined
  return (url) => launch(() => ['xvfb-run', '--auto-servernum', command, url])
}

/** @param {import('playwright').BrowserType} engine @returns {StartEngine | undefined} */
function findPlaywrights(engine) {
  if (!existsSync(engine.executablePath())) return undefined
  return async (url) => {
    const browser = await engine.launch()
    await (await browser.newPage()).goto(url, { waitUntil: 'commit' })
    return () => browser.close()
  }
}

/**
 * Starts a process with a home of its own.
 *
 * @param {(home: string) => readonly string[]} commandFor
 * @returns {EndEngine}
 */
function launch(commandFor) {
  const home = mkdtempSync(path.join(tmpdir(), 'gradlens-'))
  const [file = '', ...options] = commandFor(home)
  const child = spawn(file, options, {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home },
  })
  return async () => {
    // The browser's own processes are in its group.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid)
    await new Promise((resolve) => setTimeout(resolve, 500))
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
}
