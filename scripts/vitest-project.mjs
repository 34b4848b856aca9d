import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run, tool } from './command.mjs'

/**
 * @typedef {object} Report Vitest's, as far as it is read here.
 * @property {readonly {
 *   name: string, status: string, message: string,
 *   assertionResults: readonly { fullName: string, status: string, failureMessages: readonly string[] | null }[]
 * }[]} testResults
 */

/**
 * Runs one of Vitest's projects. Every test counts once; so does every file that could not be loaded, and a test that
 * was skipped counts as failed.
 *
 * @param {string} project
 * @param {Record<string, string>} env
 * @returns {Promise<{ passed: number, failures: string[] }>}
 */
export async function runProject(project, env) {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-test-'))
  try {
    const outputFile = path.join(folder, 'report.json')
    const { status, output } = await run(
      tool('vitest', 'run', '--project', project, '--reporter', 'json', '--outputFile', outputFile),
      { env: { ...env, NO_COLOR: '1' } },
    )
    const result = count(readReport(outputFile))
    if (status !== 0 && result.failures.length === 0) {
      result.failures.push(`vitest ended with status ${String(status)}\n${lastLines(output, 40)}`)
    }
    return result
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** @param {string} file @returns {Report} */
function readReport(file) {
  try {
    return /** @type {Report} */ (JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    // Vitest ended before it could write one; its status tells.
    return { testResults: [] }
  }
}

/** @param {Report} report */
function count({ testResults }) {
  let passed = 0
  /** @type {string[]} */
  const failures = []
  for (const { name, status, message, assertionResults } of testResults) {
    const before = failures.length
    for (const test of assertionResults) {
      if (test.status === 'passed') passed += 1
      else failures.push(`${name}: ${test.fullName}\n${reason(test)}`)
    }
    if (status !== 'passed' && failures.length === before) failures.push(`${name}\n${message}`)
  }
  return { passed, failures }
}

/** @param {Report['testResults'][number]['assertionResults'][number]} test */
function reason({ status, failureMessages }) {
  const messages = failureMessages ?? []
  return messages.length === 0 ? `It is ${status}: every test must run.` : messages.join('\n')
}

/** @param {string} text @param {number} lineCount */
export function lastLines(text, lineCount) {
  return text.trimEnd().split('\n').slice(-lineCount).join('\n')
}
