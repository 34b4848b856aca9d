import { GradientSimilarity, type NdArray } from 'gradlens'
import { FileSystemStore } from 'gradlens/node'
import { onnxPredictor } from 'gradlens/onnx'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as ort from 'onnxruntime-node'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { finished, runHere, startProgram, writeNpy } from '../../support/cli.js'
import { denseModel } from '../../support/onnx/dense-models.js'
import { seededRandom, uniform } from '../../support/random.js'

const rowCount = 50
const classCount = 3
let folder: string
let x: NdArray
let y: NdArray

const at = (...names: string[]): string => path.join(folder, ...names)

const random = seededRandom(9)
const matrix = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, () => [...uniform(random, columns, [-1, 1])])

const command = (out: string, ...more: string[]): string[] => [
  ...['precompute', '--model', at('net.onnx'), '--examples', at('x.npy'), '--labels', at('y.npy')],
  ...['--loss', 'categoricalCrossentropy', '--batch-size', '8', '--out', at(out), ...more],
]

/** Processes start slowly on a busy machine. */
const timeout = 120_000

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-cli-onnx-'))
  const weights = [matrix(4, 5), matrix(1, 5)[0]!, matrix(5, classCount), matrix(1, classCount)[0]!]
  writeFileSync(at('net.onnx'), denseModel({ weights, activations: ['tanh', 'softmax'] }))
  x = { data: uniform(random, rowCount * 4, [-1, 1]), shape: [rowCount, 4] }
  const labels = new Float32Array(rowCount * classCount)
  for (let row = 0; row < rowCount; row++) labels[row * classCount + (row % classCount)] = 1
  y = { data: labels, shape: [rowCount, classCount] }
  writeNpy(at('x.npy'), '<f4', x.shape, x.data)
  writeNpy(at('y.npy'), '<f4', y.shape, y.data)
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

it(
  'writes the gradients of an .onnx file, from which an explainer ranks as after a fit in memory',
  { timeout },
  async () => {
    const { code, stdout, stderr } = await finished(startProgram(command('store')))
    expect(stderr).toMatch(/^Writing rows 0 to 49 of 50 .*, on native\.\nComputing /)
    expect(stdout).toMatch(/: 50 rows, in [\d.]+ s\.\n$/)
    expect(code).toBe(0)
    const predictor = await onnxPredictor(ort, readFileSync(at('net.onnx')))
    const loss = 'categoricalCrossentropy'
    const options = { device: 'native', batchSize: 8 } as const
    using inMemory = new GradientSimilarity(predictor, loss, { ...options, precomputeGrads: true })
    await inMemory.fit(x, y)
    const store = new FileSystemStore(at('store'))
    using opened = await GradientSimilarity.open(store, predictor, loss, options)
    const tests = { data: x.data.slice(0, 8), shape: [2, 4] }
    const expected = await inMemory.explain(tests)
    const found = await opened.explain(tests)
    expect(found.scores).toEqual(expected.scores)
    expect(found.orderedIndices).toEqual(expected.orderedIndices)
  },
)

it('explains what is wrong with an .onnx file or its device', async () => {
  writeFileSync(at('cut.onnx'), readFileSync(at('net.onnx')).subarray(0, 100))
  for (const [model, more, message] of [
    ['none.onnx', [], /--model: .*none\.onnx does not exist; expected an \.onnx file/],
    ['cut.onnx', [], /cut\.onnx: /],
    ['net.onnx', ['--device', 'webgpu'], /--device webgpu: .*expected native or auto/],
    ['net.onnx', ['--output', 'nothing'], /net\.onnx: .*'nothing'/],
  ] as const) {
    const given = command('refused', ...more).map((own) =>
      own === at('net.onnx') ? at(model) : own,
    )
    const { code, stderr } = await runHere(...given)
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2)
    expect(code).not.toBe(0)
  }
})

it('names the package to install if onnxruntime-node is missing', { timeout }, () => {
  const app = at('app')
  mkdirSync(path.join(app, 'node_modules'), { recursive: true })
  cpSync('dist', path.join(app, 'dist'), { recursive: true })
  writeFileSync(path.join(app, 'package.json'), readFileSync('package.json'))
  for (const name of [
    'zarrita',
    '@noble',
    '@zarrita',
    'pbf',
    'numcodecs',
    'reference-spec-reader',
  ]) {
    const from = path.resolve('node_modules', name)
    cpSync(from, path.join(app, 'node_modules', name), { recursive: true, dereference: true })
  }
  let stderr = ''
  try {
    execFileSync(process.execPath, [path.join(app, 'dist/cli.js'), ...command('missing')], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
  } catch (error) {
    stderr = (error as { stderr: string }).stderr
  }
  expect(stderr).toContain('The package onnxruntime-node is not installed')
  expect(stderr).toContain('npm install onnxruntime-node')
})
