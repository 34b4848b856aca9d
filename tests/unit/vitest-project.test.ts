import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Report, runTests } from '../../scripts/checks/vitest-project.mjs'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-vitest-'))
  writeFileSync(
    path.join(folder, 'vitest.config.mjs'),
    'export default { test: { globals: true } }',
  )
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** The report of a run of that test file, in a project of its own. */
function reportOf(code: string): Promise<Report> {
  writeFileSync(path.join(folder, 'sample.test.mjs'), code)
  return runTests(['--root', folder])
}

const namesOf = ({ failures }: Report): string[] => failures.map(({ name }) => name)

it('counts each test once, and skipped and unfinished tests as failed', async () => {
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
      reason: expect.stringMatching(/the reason\n.*sample\.test\.mjs:4:/) as string,
    },
    {
      name: 'sample.test.mjs: is skipped',
      reason: expect.stringMatching(/every test must run/) as string,
    },
    {
      name: 'sample.test.mjs: is left to do',
      reason: expect.stringMatching(/every test must run/) as string,
    },
  ])
})

it("counts a file that can't be loaded as failed", async () => {
  const report = await reportOf(`import './missing.mjs'`)
  expect({ passed: report.passed, names: namesOf(report) }).toEqual({
    passed: 0,
    names: ['sample.test.mjs'],
  })
})

it('counts the tests of a group that could not be set up as failed', async () => {
  const report = await reportOf(`
    describe('a group', () => {
      beforeAll(() => { throw new Error('no browser') })
      it('never runs', () => {})
    })
  `)
  expect(report.passed).toBe(0)
  expect(namesOf(report)).toContain('sample.test.mjs: a group never runs')
})

it('counts an error that no test caught as failed', async () => {
  const { passed, failures } = await reportOf(`
    it('passes', () => { void Promise.reject(new Error('too late')) })
  `)
  expect(passed).toBe(1)
  expect(failures.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('too late') as string,
  ])
})
