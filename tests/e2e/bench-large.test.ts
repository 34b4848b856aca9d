import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { BenchReport } from '../../bench/report.js'
import { root, run, tool } from '../../scripts/checks/command.mjs'

const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-bench-large-test-'))

/** It builds a page and opens three per model, on a machine that may be busy. */
const patienceMs = 300_000

let status: number
let output: string

beforeAll(async () => {
  const json = path.join(folder, 'bench.json')
  const small = [
    '--models',
    'newsgroups,mobilenetv2',
    '--size',
    '32',
    '--rows',
    '3',
    '--rounds',
    '1',
  ]
  const command = tool('tsx', path.join(root, 'bench/run.ts'), ...small, '--json', json)
  // Without peers on any machine, because the test is not about them.
  ;({ status, output } = await run(command, { timeoutMs: patienceMs, env: { GRADLENS_PEERS: '' } }))
}, patienceMs)

afterAll(() => {
  rmSync(folder, { recursive: true })
})

it('prints a table in Markdown for each model of real size', () => {
  expect(output).toContain('## 20 newsgroups')
  expect(output).toContain('## MobileNetV2, 32 × 32: 3,538,984 parameters, 3 training examples')
  for (const row of ['fit, per example', 'explain 1, stored', 'integrated gradients', 'longest']) {
    expect(output.match(new RegExp(`^\\| ${row}.*\\d.*\\|$`, 'gm'))).toHaveLength(2)
  }
  expect(status).toBe(0)
})

it('measures gradlens in the page, in one worker and in two', () => {
  const report = JSON.parse(readFileSync(path.join(folder, 'bench.json'), 'utf8')) as BenchReport
  expect(report.largeModels.map(({ name }) => name)).toEqual(['newsgroups', 'mobilenetv2'])
  for (const { columns } of report.largeModels) {
    expect(columns.map(({ name }) => name)).toEqual([
      'gradlens, page',
      'gradlens, one worker',
      'gradlens, two workers',
    ])
    const [page, ...inWorkers] = columns
    expect(page!.heapBytes).toBeGreaterThan(0)
    for (const { ms, storedBytesPerExample } of columns) {
      for (const time of Object.values(ms)) expect(time).toBeGreaterThan(0)
      expect(storedBytesPerExample).toBe(page!.storedBytesPerExample)
    }
    for (const { heapBytes } of inWorkers) expect(heapBytes).toBeNull()
  }
})
