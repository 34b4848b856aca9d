import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run, tool } from './command.mjs'

/**
 * @typedef {object} Report
 * @property {number} passed the number of tests that passed
 * @property {{ name: string, reason: string }[]} failures tests that failed or did not run, files
 *   and groups that could not be set up, and errors outside of tests
 */

/**
 * Runs tests with Vitest and counts them. A test that did not run counts as failed.
 *
 * @param {readonly string[]} options Vitest's, such as `--project unit`
 * @param {Record<string, string>} env
 * @returns {Promise<Report>}
 */
export async function runTests(options, env = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-test-'))
  const file = path.join(folder, 'report.json')
  const reporters = ['--reporter', 'default', '--reporter', 'json', `--outputFile.json=${file}`]
  try {
    const { status, output } = await run(
      tool('vitest', 'run', ...options, ...reporters),
      // A software GPU is slow on a busy computer.
      { env: { ...env, NO_COLOR: '1' }, timeoutMs: 1_200_000 },
    )
    const report = readReport(file)
    const { passed, failures } = report
    if (passed + failures.length === 0 || (status !== 0 && failures.length === 0)) {
      const reason = `Vitest ended with status ${status}.\n${lastLines(output, 40)}`
      failures.push({ name: options.join(' '), reason })
    }
    return report
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** @param {string} file @returns {Report} what Vitest wrote; nothing if it ended before that */
function readReport(file) {
  /** @type {{ testResults: TestFile[] }} */
  let report
  try {
    report = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failures: [] }
  }
  let passed = 0
  /** @type {Report['failures']} */
  const failures = []
  for (const { name, message, assertionResults } of report.testResults) {
    const testFile = path.basename(name)
    if (message) failures.push({ name: testFile, reason: message })
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status === 'passed') passed += 1
      else {
        const reason = failureMessages.join('\n') || `It is ${status}: every test must run.`
        failures.push({ name: `${testFile}: ${fullName}`, reason })
      }
    }
  }
  return { passed, failures }
}

/**
 * @typedef {object} TestFile one file in the report of Vitest's JSON reporter
 * @property {string} name
 * @property {string} message why it or a group in it could not be set up
 * @property {{ status: string, fullName: string, failureMessages: string[] }[]} assertionResults
 */

/** @param {string} text @param {number} lineCount */
export function lastLines(text, lineCount) {
  return text.trimEnd().split('\n').slice(-lineCount).join('\n')
}
