import { writeFileSync } from 'node:fs'
import process from 'node:process'

/**
 * @typedef {object} Report
 * @property {number} passed how many tests
 * @property {{ name: string, reason: string }[]} failures the tests that failed or did not run; the files and groups
 *   that could not be set up; and errors that no test caught
 */

/** A reporter for Vitest: writes the report of a run into the file that GRADLENS_REPORT names. */
export default class ReportToFile {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly import('vitest').SerializedError[]} unhandled
   */
  onTestRunEnd(modules, unhandled) {
    /** @type {Report} */
    const report = { passed: 0, failures: [] }
    /** @param {string} name @param {readonly import('vitest').SerializedError[]} errors */
    const fail = (name, errors) =>
      report.failures.push({ name, reason: errors.map(text).join('\n') })

    for (const module of modules) {
      const file = module.relativeModuleId
      for (const broken of [module, ...module.children.allSuites()]) {
        if (broken.errors().length === 0) continue
        fail(broken === module ? file : `${file}: ${nameOf(broken)}`, broken.errors())
      }
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result()
        if (state === 'passed') report.passed += 1
        else if (state === 'failed') fail(`${file}: ${test.fullName}`, errors)
        else
          fail(`${file}: ${test.fullName}`, [{ message: `It is ${state}: every test must run.` }])
      }
    }
    if (unhandled.length > 0) fail('errors that no test caught', unhandled)
    writeFileSync(process.env['GRADLENS_REPORT'] ?? 'report.json', JSON.stringify(report))
  }
}

/** @param {object} suite */
function nameOf(suite) {
  return 'fullName' in suite ? String(suite.fullName) : ''
}

/** An error's sentence, and where it was thrown. @param {import('vitest').SerializedError} error */
function text({ message, stacks = [] }) {
  const places = stacks.map(({ file, line, column }) => `    at ${[file, line, column].join(':')}`)
  return [message, ...places].join('\n')
}
