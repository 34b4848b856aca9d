import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { BenchReport } from '../../bench/report.js'
import { root, run, tool } from '../../scripts/checks/command.mjs'

const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-bench-test-'))

/** It builds a page and opens four, on a machine that may be busy. */
const patienceMs = 300_000

const tasks = ['explainAdHoc', 'explainStored', 'fit', 'integratedGradients']
/** tfjs takes one for two cores, and never more than eight. */
const tfjsThreads = Math.min(Math.max(Math.floor(availableParallelism() / 2), 1), 8)
const settings = ['wasm', 'wasm, cross-origin isolated']

let status: number
let output: string

beforeAll(async () => {
  const json = path.join(folder, 'bench.json')
  const bench = ['--models', 'mlp,small', '--rows', '6', '--rounds', '1', '--no-growth']
  const command = tool('tsx', path.join(root, 'bench/run.ts'), ...bench, '--json', json)
  // Without peers on any machine, because the test is not about them.
  ;({ status, output } = await run(command, { timeoutMs: patienceMs, env: { GRADLENS_PEERS: '' } }))
}, patienceMs)

afterAll(() => {
  rmSync(folder, { recursive: true })
})

const report = (): BenchReport =>
  JSON.parse(readFileSync(path.join(folder, 'bench.json'), 'utf8')) as BenchReport

it('prints a row for each task, with the ratios', () => {
  expect(output).toContain('Written to')
  for (const row of ['fit, per example', 'explain 1, stored', 'explain 1, ad hoc', 'stored per']) {
    expect(output).toMatch(new RegExp(`^${row}.*\\d`, 'm'))
  }
  expect(output).toMatch(/^integrated gradients, 50 steps .*\d×/m)
  expect(output).toContain('bare pass ÷ ours')
  expect(output).toMatch(/^wasm: integrated gradients, \d.*× the bare forward and backward passes/m)
  expect(output).toContain('No peers')
  expect(status).toBe(0)
})

it('runs in a page without isolation, and in one with it, where tfjs has threads', () => {
  const pages = report().settings
  expect(pages.map(({ name }) => name).slice(0, 2)).toEqual(settings)
  expect(pages.map((page) => page.crossOriginIsolated).slice(0, 2)).toEqual([false, true])
  expect(pages.map(({ wasmThreads }) => wasmThreads).slice(0, 2)).toEqual([1, tfjsThreads])
})

it('writes the time of each participant for each task', () => {
  const { models } = report()
  expect(models.map(({ parameterCount }) => parameterCount)).toEqual([103_700, 56_714])
  for (const { columns, exampleCount } of models) {
    expect(exampleCount).toBe(6)
    for (const setting of settings) {
      const ours = columns.find(
        (column) => column.name === 'gradlens' && column.setting === setting,
      )
      expect(Object.keys(ours!.cells).sort()).toEqual(tasks)
      expect(ours!.storedBytesPerExample).toBeGreaterThan(0)
      for (const { rounds, median } of Object.values(ours!.cells)) {
        expect(rounds).toHaveLength(1)
        expect(median).toBe(rounds[0])
        expect(median).toBeGreaterThan(0)
      }
    }
  }
})

it('compares every other column with gradlens', () => {
  for (const { columns, ratios } of report().models) {
    const time = (name: string): number =>
      columns.find((column) => column.name === name && column.setting === 'wasm')!.cells.fit!.median
    for (const other of ['bare pass', 'tfjs loop']) {
      const ratio = ratios.find(
        (each) => each.setting === 'wasm' && each.other === other && each.what === 'fit',
      )
      expect(ratio!.median).toBe(time(other) / time('gradlens'))
    }
  }
})
