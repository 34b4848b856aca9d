import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { tool } from '../../scripts/checks/command.mjs'
import type { Report } from '../../scripts/checks/vitest-reporter.mjs'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-reporter-'))
  writeFileSync(
    path.join(folder, 'vitest.config.mjs'),
    'export default { test: { globals: true } }',
  )
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** The report of a run of that test file, in a project of its own. */
async function reportOf(code: string): Promise<Report> {
  writeFileSync(path.join(folder, 'sample.test.mjs'), code)
  const file = path.join(folder, 'report.json')
  const reporter = path.resolve('scripts/checks/vitest-reporter.mjs')
  const [node, ...options] = tool('vitest', 'run', '--root', folder, '--reporter', reporter)
  await new Promise<void>((resolve) => {
    const env = { ...process.env, GRADLENS_REPORT: file }
    execFile(node, options, { env }, () => {
      resolve()
    })
  })
  return JSON.parse(readFileSync(file, 'utf8')) as Report
}

it('counts each test once, and one that was skipped or left to do as failed', async () => {
  const report = await reportOf(`
    it('passes', () => {})
    describe('a group', () => { it('passes too', () => {}) })
    it('fails', () => { throw new Error('the reason') })
    it.skip('is skipped', () => {})
    it.todo('is left to do')
  `)
  expect(report.passed).toBe(2)
  expect(report.failures).toEqual([
    {
      name: 'sample.test.mjs: fails',
      reason: expect.stringMatching(/^the reason\n.*sample\.test\.mjs:4:/) as string,
    },
    { name: 'sample.test.mjs: is skipped', reason: 'It is skipped: every test must run.' },
    { name: 'sample.test.mjs: is left to do', reason: 'It is skipped: every test must run.' },
  ])
})

it('counts a file that cannot be loaded as failed', async () => {
  const { passed, failures } = await reportOf(`import './missing.mjs'`)
  expect({ passed, names: failures.map(({ name }) => name) }).toEqual({
    passed: 0,
    names: ['sample.test.mjs'],
  })
})

it('counts an error that no test caught as failed', async () => {
  const { passed, failures } = await reportOf(`
    it('passes', () => { void Promise.reject(new Error('too late')) })
  `)
  expect(passed).toBe(1)
  expect(failures).toEqual([
    { name: 'errors that no test caught', reason: expect.stringContaining('too late') as string },
  ])
})
