import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run, tool } from './command.mjs'

/**
 * Runs one of Vitest's projects and counts its tests.
 *
 * @param {string} project
 * @param {Record<string, string>} env
 * @returns {Promise<import('./vitest-reporter.mjs').Report>}
 */
export async function runProject(project, env) {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-test-'))
  const file = path.join(folder, 'report.json')
  try {
    const { status, output } = await run(
      tool(
        'vitest',
        'run',
        '--project',
        project,
        '--reporter',
        './scripts/checks/vitest-reporter.mjs',
      ),
      // A software GPU on a busy machine is slow.
      { env: { ...env, NO_COLOR: '1', GRADLENS_REPORT: file }, timeoutMs: 1_200_000 },
    )
    const report = readReport(file)
    if (report.passed + report.failures.length === 0 || (status !== 0 && !report.failures.length)) {
      const reason = `Vitest ended with status ${status}.\n${lastLines(output, 40)}`
      report.failures.push({ name: project, reason })
    }
    return report
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** @param {string} file @returns {import('./vitest-reporter.mjs').Report} */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // Vitest ended before it could write one; its status and output tell why.
    return { passed: 0, failures: [] }
  }
}

/** @param {string} text @param {number} lineCount */
export function lastLines(text, lineCount) {
  return text.trimEnd().split('\n').slice(-lineCount).join('\n')
}
