import { availableParallelism } from 'node:os'
import process from 'node:process'
import { stripVTControlCharacters } from 'node:util'
import { build, packageChecks, sourceChecks } from './checks.mjs'
import { root, run, whenStopped } from './command.mjs'
import { ensureBrowser } from './browser.mjs'
import { ensureEngines } from './engines.mjs'
import { createHostEnvironments } from './python/host-environments.mjs'
import { lastLines, runTests } from './vitest-project.mjs'

// Runs every check of the sources and of the package, and every test, even after failures. The last
// line is `N passed, N failed`. Each check and each test counts once.

let passed = 0
let failed = 0
const start = Date.now()

whenStopped(() => {
  console.log('✗ stopped early')
  failed += 1
  finish(1)
})

const browser = ensureBrowser()
if (browser.path === undefined) fail('browser', 0, browser.fault)
else pass('browser', 0, browser.path)

// Downloads while the other checks compute.
const hostsAreReady = createHostEnvironments()
const enginesAreReady = ensureEngines()
await Promise.all([checkInTurn(sourceChecks), checkBuild()])

/** @type {Record<string, string>} */
const env = browser.path === undefined ? {} : { CHROME_PATH: browser.path }
await project('unit', 'tests in Node')
// Each mostly uses one core: a page or a server waits for the other.
await Promise.all([testEngines(), testHostsAndBuiltPages()])
finish(failed === 0 ? 0 : 1)

async function checkBuild() {
  if (await check(build)) return checkInTurn(packageChecks)
  for (const { name } of packageChecks) fail(name, 0, 'The build failed, so this was not checked.')
}

async function testEngines() {
  await testPages('browser', 'tests in Chromium')
  await testOnceReady('engines', 'tests in Firefox and WebKit', enginesAreReady)
}

async function testHostsAndBuiltPages() {
  await testOnceReady('hosts', 'tests in notebooks and dashboards', hostsAreReady)
  await testPages('e2e', 'tests of the built pages')
}

/** @param {string} name @param {string} title @param {Promise<string | undefined>} installation */
async function testOnceReady(name, title, installation) {
  const fault = await installation
  if (fault === undefined) await project(name, title)
  else fail(title, 0, fault)
}

/** @param {string} name @param {string} title */
async function testPages(name, title) {
  if (browser.path === undefined) fail(title, 0, 'No browser was found to run them in.')
  else await project(name, title)
}

/** @param {readonly import('./checks.mjs').Check[]} checks */
async function checkInTurn(checks) {
  for (const each of checks) await check(each)
}

/** @param {import('./checks.mjs').Check} check */
async function check({ name, command, advice }) {
  const begin = Date.now()
  const { status, output } = await run(command, { env: { NO_COLOR: '1' } })
  if (status === 0) pass(name, Date.now() - begin)
  else fail(name, Date.now() - begin, `${lastLines(output, 40)}\n${advice}`)
  return status === 0
}

/** @param {string} name @param {string} title */
async function project(name, title) {
  const begin = Date.now()
  const result = await runTests(['--project', name], env)
  passed += result.passed
  failed += result.failures.length
  const mark = result.failures.length === 0 ? '✓' : '✗'
  const counts = `${result.passed} passed, ${result.failures.length} failed`
  console.log(`${mark} ${title}: ${counts} (${seconds(Date.now() - begin)})`)
  for (const failure of result.failures) {
    console.log(indent(`${failure.name}\n${shorten(failure.reason)}`))
  }
}

/** @param {string} name @param {number} timeMs @param {string} [remark] */
function pass(name, timeMs, remark) {
  passed += 1
  console.log(`✓ ${name} (${remark ?? seconds(timeMs)})`)
}

/** @param {string} name @param {number} timeMs @param {string} reason */
function fail(name, timeMs, reason) {
  failed += 1
  console.log(`✗ ${name} (${seconds(timeMs)})\n${indent(reason)}`)
}

/** @param {number} status @returns {never} */
function finish(status) {
  console.log(`${seconds(Date.now() - start)} on ${availableParallelism()} cores`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(status)
}

/** The reason, and the lines of its stack that are in this project. @param {string} reason */
function shorten(reason) {
  const lines = stripVTControlCharacters(reason).replaceAll(root, '').split('\n')
  return lines
    .filter((line) => !line.includes('node_modules'))
    .slice(0, 15)
    .join('\n')
}

/** @param {string} text */
function indent(text) {
  return text.replaceAll(/^/gm, '    ')
}

/** @param {number} timeMs */
function seconds(timeMs) {
  return `${(timeMs / 1000).toFixed(1)} s`
}
