import { version } from 'gradlens'
import { FileSystemStore } from 'gradlens/node'
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Terminal } from '../../../src/cli/command.js'
import { ProgressLine, formatDuration } from '../../../src/cli/progress-line.js'
import { runHere, writeModelFiles, writeNpy } from '../../support/cli.js'
import { serve } from '../../support/stores/http-server.js'
import { flipBit, writeRows } from '../../support/stores/written-store.js'

let folder: string
const at = (...names: string[]): string => path.join(folder, ...names)

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-commands-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe('gradlens', () => {
  it('shows its help and its version', async () => {
    const { code, stdout } = await runHere('--help')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Usage: gradlens COMMAND/)
    for (const command of ['precompute', 'merge', 'verify', 'report']) {
      expect(stdout).toContain(`\n  ${command} `)
      const help = await runHere(command, '--help')
      expect(help.code).toBe(0)
      expect(help.stdout).toMatch(new RegExp(`^Usage: gradlens ${command} `))
      expect(Math.max(...help.stdout.split('\n').map((line) => line.length))).toBeLessThan(110)
    }
    expect(await runHere('--version')).toMatchObject({ code: 0, stdout: `${version}\n` })
  })

  it.each([
    [[], 'Usage: gradlens'],
    [['explain'], "gradlens: unknown command 'explain'; expected one of precompute, merge, verify"],
    [['verify'], 'gradlens verify: got no store; expected a folder or a URL.'],
    [['verify', 'a', 'b'], "gradlens verify: got 'b'; expected at most 1 STORE."],
    [['verify', '--fast', 'a'], '--fast: not an option of gradlens verify'],
    [['verify', 'nowhere'], 'nowhere: this folder does not exist; expected a store of gradients.'],
    [['merge'], 'gradlens merge: got no store'],
    [['merge', 'a', 'b'], 'gradlens merge: got 2 stores and no --out; expected --out STORE'],
    [['merge', 'a', '--out'], "Option '--out <value>' argument missing."],
    [['precompute'], '--model: not given; expected --model DIR/model.json.'],
    [['precompute', 'x.npy'], "gradlens precompute: got 'x.npy'; expected only options."],
    [['precompute', '--model', 'a', '--model', 'b'], '--model: got two values; expected one.'],
  ])('refuses %j, and says what to do', async (args, message) => {
    const { code, stdout, stderr } = await runHere(...args)
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})

describe('gradlens precompute', () => {
  const complete = (): Record<string, string> => ({
    model: at('net'),
    examples: at('x.npy'),
    labels: at('y.npy'),
    loss: 'categoricalCrossentropy',
    out: at('out'),
  })

  beforeEach(() => {
    writeModelFiles(at('net'), { format: 'layers-model', modelTopology: {} }, [])
    writeNpy(at('x.npy'), '<f4', [4, 2], new Float32Array(8))
    writeNpy(at('y.npy'), '<f4', [4, 3], new Float32Array(12))
    writeNpy(at('five.npy'), '<f4', [5, 3], new Float32Array(15))
    writeFileSync(at('text.json'), 'no JSON')
    writeFileSync(at('other.json'), '{"a":1}')
  })

  it.each([
    [
      'loss',
      'crossentropy',
      "--loss: got 'crossentropy'; expected one of categoricalCrossentropy,",
      2,
    ],
    ['examples', 'missing.npy', '--examples: missing.npy does not exist; expected a .npy file', 2],
    ['examples', 'text.json', "this isn't a .npy file; expected one that numpy.save wrote.", 1],
    ['dtype', 'f64', "--dtype: got 'f64'; expected one of f32, f16.", 2],
    ['batch-size', '0', "--batch-size: got '0'; expected an integer of 1 or more.", 2],
    ['rows', '2-4', "--rows: got '2-4'; expected START:END within the 4 rows", 2],
    ['rows', '2:5', "--rows: got '2:5'; expected START:END within the 4 rows", 2],
    ['device', 'gpu', "--device: got 'gpu'; expected one of auto, webgpu, native, wasm, cpu.", 2],
    ['projection-seed', '1', '--projection-seed: got no --projection', 2],
    [
      'curvature',
      'hessian',
      "--curvature: got 'hessian'; expected one of ekfac, kfac, diagonal.",
      2,
    ],
    ['fisher', 'empirical', '--fisher: got no --curvature; expected ekfac, kfac or diagonal', 2],
  ])('refuses --%s %s', async (option, value, message, expected) => {
    const given = { ...complete(), [option]: value === 'text.json' ? at(value) : value }
    const args = Object.entries(given).flatMap(([name, one]) => [`--${name}`, one])
    const { code, stderr } = await runHere('precompute', ...args)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('Error:')
    expect(code).toBe(expected)
  })

  it('refuses inputs of different lengths, and two ways to give the examples', async () => {
    const args = Object.entries(complete()).flatMap(([name, one]) => [`--${name}`, one])
    const two = await runHere('precompute', ...args, '--store-examples', '--example-url', 'u{id}')
    expect(two.stderr).toContain(
      '--example-url: got --store-examples too; expected only one of them',
    )
    const given = { ...complete(), labels: at('y.npy') }
    const several = Object.entries(given).flatMap(([name, one]) =>
      name === 'examples' ? ['--examples', one, at('five.npy')] : [`--${name}`, one],
    )
    const lengths = await runHere('precompute', ...several)
    expect(lengths.stderr).toContain('--examples: got arrays of 4 and 5 rows')
    expect(lengths.code).toBe(2)
  })
})

describe('gradlens verify', () => {
  it('reports a complete store, in a folder and at an address', async () => {
    await writeRows(new FileSystemStore(at('store')), 3)
    expect(await runHere('verify', at('store'))).toMatchObject({
      code: 0,
      stdout: `${at('store')}: intact, 10 rows in 27 chunks.\n`,
    })
    const address = await serve(({ url }, response) => {
      const file = at(decodeURIComponent(url!.slice(1)))
      // Curvatures are optional.
      if (!existsSync(file)) {
        response.writeHead(404).end()
        return
      }
      response.setHeader('content-length', statSync(file).size)
      createReadStream(file).pipe(response)
    })
    const { code, stdout } = await runHere('verify', address)
    expect(stdout).toContain('intact, 10 rows in 27 chunks.')
    expect(code).toBe(0)
  })

  it('names damaged, truncated and missing chunks by array and chunk', async () => {
    const store = new FileSystemStore(at('store'))
    await writeRows(store, 3)
    await flipBit(store, 'labels/c.1.0', 2)
    await store.set('ids/c.2', (await store.get('ids/c.2'))!.slice(0, 5))
    await store.delete('segment-0-values/c.0.0')
    const { code, stdout, stderr } = await runHere('verify', at('store'))
    expect(stderr).toMatch(
      /array segment-0-values, chunk 0 of the store cannot be read: it does not exist/,
    )
    expect(stderr).toMatch(/array labels, chunk 1 .*checksum/)
    expect(stderr).toMatch(/array ids, chunk 2 .*got 5 bytes; expected 20/)
    expect(stdout).toBe(`${at('store')}: 3 of 27 chunks are damaged or missing.\n`)
    expect(code).toBe(1)
  })

  it('reports an incomplete or missing store', async () => {
    await writeRows(new FileSystemStore(at('begun')), 3, {}, 9)
    const begun = await runHere('verify', at('begun'))
    expect(begun.stdout).toContain('incomplete, with 8 of 10 rows; these are intact.')
    expect(begun.code).toBe(1)
    const rows = { start: 0, end: 4 }
    await writeRows(new FileSystemStore(at('ranges')), 3, { rows }, 4)
    const ranges = await runHere('verify', at('ranges'))
    expect(ranges.stdout).toContain('the ranges of rows in this store are not merged yet')
    expect(ranges.code).toBe(1)
    const none = await runHere('verify', folder)
    expect(none.stderr).toMatch(/No store of gradients was found: zarr\.json is missing\. .*\n$/)
    expect(none.code).toBe(1)
  })
})

describe('gradlens merge', () => {
  it('copies the ranges of several folders into one', async () => {
    const halves = [
      { start: 0, end: 8 },
      { start: 8, end: 10 },
    ]
    for (const [i, rows] of halves.entries()) {
      await writeRows(new FileSystemStore(at(String(i))), 3, { rows }, rows.end)
    }
    const { code, stdout } = await runHere('merge', at('0'), at('1'), '--out', at('out'))
    expect(stdout).toBe(`${at('out')}: merged 2 ranges, 10 rows.\n`)
    expect(code).toBe(0)
    expect((await runHere('verify', at('out'))).code).toBe(0)
    expect((await runHere('merge', at('out'))).stdout).toBe(
      `${at('out')}: already complete, 10 rows.\n`,
    )
  })
})

describe('progress', () => {
  const terminal = (isTTY: boolean): Terminal & { text: string } => ({
    isTTY,
    columns: 200,
    text: '',
    write(text) {
      this.text += text
    },
  })

  it('is one line on a terminal, with rows, rate and time left', () => {
    let now = 0
    const shown = terminal(true)
    const line = new ProgressLine(shown, () => now)
    line.show('Computing', 100, 1000)
    now = 10_000
    line.show('Computing', 300, 1000)
    now = 10_050
    line.show('Computing', 301, 1000)
    expect(shown.text.split('\r')).toEqual([
      '',
      'Computing ██░░░░░░░░░░░░░░░░░░ 100 of 1,000 rows · 10 %\u001b[K',
      // 200 rows in 10 s: what was there before does not count.
      'Computing ██████░░░░░░░░░░░░░░ 300 of 1,000 rows · 30 % · 20 rows/s · 35 s left\u001b[K',
    ])
    line.close()
    line.close()
    expect(shown.text).toMatch(/[^\n]\n$/)
  })

  it('is a line for each tenth, or each half minute, without a terminal', () => {
    let now = 0
    const shown = terminal(false)
    const line = new ProgressLine(shown, () => now)
    for (let done = 0; done <= 100; done++) {
      now += done < 40 ? 1000 : 20_000
      line.show('Checking', done, 100)
    }
    line.close()
    const lines = shown.text.split('\n')
    expect(lines[1]).toBe(
      'Checking ██░░░░░░░░░░░░░░░░░░ 10 of 100 rows · 10 % · 1.0 rows/s · 1 min 30 s left',
    )
    expect(lines.filter((one) => one.startsWith('Checking '))).toHaveLength(35)
    expect(lines.at(-2)).toMatch(/100 of 100 rows · 100 % · [\d.]+ rows\/s · 20 min 59 s$/)
    expect(shown.text).not.toContain('\r')
  })

  it.each([
    [0.04, '0.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [125, '2 min 5 s'],
    [7_385, '2 h 3 min'],
  ])('writes %s seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
  })
})
