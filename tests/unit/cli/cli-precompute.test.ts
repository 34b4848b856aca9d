import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, openGradientStore, type NdArray } from 'gradlens'
import { InfluenceFunctions } from 'gradlens/influence'
import { FileSystemStore } from 'gradlens/node'
import { tfjsPredictor } from 'gradlens/tfjs'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadModel } from '../../../src/cli/load-model.js'
import {
  filesOf,
  finished,
  runHere,
  startProgram,
  writeModelFiles,
  writeNpy,
} from '../../support/cli.js'
import { node, placeholder } from '../../support/models/graph-models.js'
import { seededRandom, uniform } from '../../support/random.js'

const rowCount = 720
const classCount = 3
const rowsPerChunk = 60
let folder: string
let x: NdArray
let y: NdArray

const at = (...names: string[]): string => path.join(folder, ...names)

const random = seededRandom(7)
const weight = (name: string, shape: readonly number[]) => ({
  name,
  shape,
  data: uniform(random, tf.util.sizeFromShape([...shape]), [-1, 1]),
})

const dense = (name: string, units: number, activation: string, more: object = {}): object => ({
  class_name: 'Dense',
  config: { name, units, activation, use_bias: true, ...more },
})

/** Batches that no chunk is a multiple of: what a range begins and ends with is no whole batch. */
const common = (): string[] => [
  ...['--model', at('net'), '--examples', at('x.npy'), '--labels', at('y.npy')],
  ...['--loss', 'categoricalCrossentropy', '--batch-size', '8'],
  ...['--rows-per-chunk', String(rowsPerChunk), '--device', 'wasm'],
]

const precompute = (out: string, ...more: string[]): ChildProcess =>
  startProgram(['precompute', ...common(), '--out', at(out), ...more])

/** Resolves when a file of the store lists the given number of rows; rejects if its writer has ended before. */
async function untilWritten(file: string, count: number, writer: ChildProcess): Promise<void> {
  while (writer.exitCode === null) {
    const written = existsSync(file)
      ? /"rows_written": ([1-9]\d*)/.exec(readFileSync(file, 'utf8'))?.[1]
      : undefined
    if (Number(written ?? 0) >= count) return
    await sleep(2)
  }
  throw new Error(`The writer has ended before ${file} told of ${count} rows.`)
}

/** Processes start slowly on a busy machine. */
const timeout = 120_000

beforeAll(async () => {
  await tf.setBackend('cpu')
  folder = mkdtempSync(path.join(tmpdir(), 'gradlens-cli-'))
  const layers = [
    dense('hidden', 5, 'tanh', { batch_input_shape: [null, 8] }),
    dense('output', classCount, 'softmax'),
  ]
  const modelTopology = { class_name: 'Sequential', config: { name: 'net', layers } }
  writeModelFiles(at('net'), { format: 'layers-model', modelTopology }, [
    weight('hidden/kernel', [8, 5]),
    weight('hidden/bias', [5]),
    weight('output/kernel', [5, classCount]),
    weight('output/bias', [classCount]),
  ])
  x = { data: uniform(random, rowCount * 8, [-1, 1]), shape: [rowCount, 8] }
  const labels = new Float32Array(rowCount * classCount)
  for (let row = 0; row < rowCount; row++) labels[row * classCount + (row % classCount)] = 1
  y = { data: labels, shape: [rowCount, classCount] }
  writeNpy(at('x.npy'), '<f4', x.shape, x.data)
  writeNpy(at('y.npy'), '<f4', y.shape, y.data)
  const { code, stdout, stderr } = await finished(precompute('undisturbed'))
  expect(stderr).toMatch(/^Writing rows 0 to 719 of 720 .*, on wasm\.\nComputing /)
  expect(stderr).toContain('720 of 720 rows · 100 %')
  expect(stdout).toMatch(/: 720 rows, in [\d.]+ s\.\n$/)
  expect(code).toBe(0)
}, timeout)

afterAll(() => {
  rmSync(folder, { recursive: true })
})

it(
  'writes a store from which an explainer ranks as after a fit in memory',
  { timeout },
  async () => {
    const { model } = await loadModel(tf, at('net'))
    const predictor = tfjsPredictor(model as tf.LayersModel)
    const options = { device: 'wasm', batchSize: 8, topK: 3 } as const
    const loss = 'categoricalCrossentropy'
    using inMemory = new GradientSimilarity(predictor, loss, { ...options, precomputeGrads: true })
    await inMemory.fit(x, y)
    const store = new FileSystemStore(at('undisturbed'))
    using opened = await GradientSimilarity.open(store, predictor, loss, options)
    const tests = { data: x.data.slice(0, 16), shape: [2, 8] }
    const expected = await inMemory.explain(tests)
    const found = await opened.explain(tests)
    expect(found.scores).toEqual(expected.scores)
    expect(found.orderedIndices).toEqual(expected.orderedIndices)
    model.dispose()
  },
)

it('resumes after Ctrl-C and after a kill, to the same bytes', { timeout }, async () => {
  const root = at('stopped', 'zarr.json')
  const interrupted = precompute('stopped')
  const said = finished(interrupted)
  await untilWritten(root, 1, interrupted)
  interrupted.kill('SIGINT')
  const { code, stderr, stdout } = await said
  expect(stderr).toMatch(
    /\nStopped by SIGINT\. Written chunks are kept: run the same command to continue\.\n$/,
  )
  expect(stdout).toBe('')
  expect(code).toBe(130)
  const reader = await openGradientStore(new FileSystemStore(at('stopped')))
  expect(reader.rowCount).toBeGreaterThan(0)
  expect(reader.rowCount).toBeLessThan(rowCount)
  expect(readdirSync(at('stopped')).filter((name) => name.startsWith('.'))).toEqual([])

  const killed = precompute('stopped')
  await untilWritten(root, reader.rowCount + rowsPerChunk, killed)
  killed.kill('SIGKILL')
  await once(killed, 'close')
  const again = await openGradientStore(new FileSystemStore(at('stopped')))
  expect(again.rowCount).toBeLessThan(rowCount)
  expect((await finished(precompute('stopped'))).code).toBe(0)
  expect(filesOf(at('stopped'))).toEqual(filesOf(at('undisturbed')))
})

it(
  'writes two ranges at once into one folder, which merge turns into the same store',
  { timeout },
  async () => {
    const first = precompute('ranges', '--rows', '0:420')
    const second = precompute('ranges', '--rows', '420:720')
    const both = [finished(first), finished(second)]
    // Killed within its range, while the other one continues.
    await untilWritten(at('ranges', 'ranges', '420-720.json'), 1, second)
    second.kill('SIGKILL')
    const [whole] = await Promise.all(both)
    expect(whole!.stderr).not.toContain('Stopped')
    expect(whole!.stdout).toContain('When all ranges are written, run gradlens merge')
    await expect(openGradientStore(new FileSystemStore(at('ranges')))).resolves.toMatchObject({
      rowCount: 0,
      isInRanges: true,
    })
    const early = await runHere('merge', at('ranges'))
    expect(early.code).toBe(1)
    expect(early.stderr).toMatch(
      /it lacks \d+:720 of the unfinished range 420:720\. Write these ranges/,
    )
    expect((await finished(precompute('ranges', '--rows', '420:720'))).code).toBe(0)
    expect(await runHere('merge', at('ranges'))).toMatchObject({
      code: 0,
      stdout: `${at('ranges')}: merged 2 ranges, 720 rows.\n`,
    })
    expect(filesOf(at('ranges'))).toEqual(filesOf(at('undisturbed')))
    const chosen = ['--curvature', 'ekfac', '--curvature-seed', '3']
    const added = await finished(precompute('ranges', ...chosen))
    expect(added.stdout).toMatch(/: 720 rows and the curvature 'ekfac', in [\d.]+ s\.\n$/)
    expect((await runHere('verify', at('ranges'))).stdout).toMatch(
      /: intact, 720 rows and the curvature 'ekfac' in \d+ chunks\.\n$/,
    )
    const { model } = await loadModel(tf, at('net'))
    const predictor = tfjsPredictor(model as tf.LayersModel)
    const loss = 'categoricalCrossentropy'
    const options = { device: 'wasm', batchSize: 8, seed: 3 } as const
    using inMemory = new InfluenceFunctions(predictor, loss, options)
    await inMemory.fit(x, y)
    const store = new FileSystemStore(at('ranges'))
    using opened = await InfluenceFunctions.open(store, predictor, loss, options)
    const tests = { data: x.data.slice(0, 16), shape: [2, 8] }
    expect((await opened.explain(tests)).scores).toEqual((await inMemory.explain(tests)).scores)
    model.dispose()
  },
)

it(
  'reads a GraphModel of two inputs from disk, and ids, float16 and addresses of examples',
  { timeout },
  async () => {
    const count = 10
    const graph = [
      ...['left/w', 'right/w'].map((name) => ({ name, op: 'Const', attr: {} })),
      placeholder('left', [-1, 4]),
      placeholder('right', [-1, 2]),
      node('left/product', 'MatMul', ['left', 'left/w']),
      node('right/product', 'MatMul', ['right', 'right/w']),
      node('sum', 'AddV2', ['left/product', 'right/product']),
      node('answer', 'Softmax', ['sum']),
    ]
    // Files of older converters do not say their format.
    const modelTopology = { node: graph, versions: { producer: 1, minConsumer: 1 } }
    writeModelFiles(at('graph'), { modelTopology } as never, [
      weight('left/w', [4, classCount]),
      weight('right/w', [2, classCount]),
    ])
    const [left, right] = [uniform(random, count * 4, [-1, 1]), uniform(random, count * 2, [-1, 1])]
    writeNpy(at('left.npy'), '<f4', [count, 4], left)
    writeNpy(at('right.npy'), '<f8', [count, 2], Float64Array.from(right))
    writeNpy(
      at('classes.npy'),
      '<i8',
      [count],
      BigInt64Array.from({ length: count }, (_, i) => BigInt(i % 3)),
    )
    writeNpy(
      at('ids.npy'),
      '<i8',
      [count],
      BigInt64Array.from({ length: count }, (_, i) => BigInt(100 + i)),
    )
    const { code, stderr } = await finished(
      startProgram([
        ...[
          'precompute',
          '--model',
          at('graph', 'model.json'),
          '--loss',
          'sparseCategoricalCrossentropy',
        ],
        ...['--examples', at('left.npy'), at('right.npy'), '--labels', at('classes.npy')],
        ...['--ids', at('ids.npy'), '--example-url', 'https://example.org/{id}.png'],
        ...['--dtype', 'f16', '--out', at('graph.zarr')],
      ]),
    )
    expect(stderr).toContain('on wasm (the package webgpu is not installed')
    expect(code).toBe(0)
    const { model } = await loadModel(tf, at('graph'))
    const predictor = tfjsPredictor(model as tf.GraphModel)
    const loss = 'sparseCategoricalCrossentropy'
    const store = new FileSystemStore(at('graph.zarr'))
    using opened = await GradientSimilarity.open(store, predictor, loss, { device: 'cpu', topK: 1 })
    const tests = [
      { data: left.slice(0, 4), shape: [1, 4] },
      { data: right.slice(0, 2), shape: [1, 2] },
    ]
    const found = await opened.explain(tests, [0])
    using inMemory = new GradientSimilarity(predictor, loss, { device: 'cpu', topK: 1 })
    await inMemory.fit(
      [
        { data: left, shape: [count, 4] },
        { data: right, shape: [count, 2] },
      ],
      Array.from({ length: count }, (_, i) => i % 3),
    )
    const expected = await inMemory.explain(tests, [0])
    const best = expected.orderedIndices.data[0]!
    expect(found.mostSimilar).toEqual([[`https://example.org/${100 + best}.png`]])
    found.scores.data.forEach((score, i) => {
      // Eleven bits of each factor.
      expect(score).toBeCloseTo(expected.scores.data[i]!, 2)
    })
    model.dispose()
  },
)

it.each([
  ['its version', { keras_version: '3.5.0' }],
  ['the shape of its input', {}],
])('names Keras 3 as the cause, by %s, and the way out', async (_, version) => {
  const layers = [
    { class_name: 'InputLayer', config: { name: 'x', dtype: {}, batch_shape: [null, 4] } },
    dense('softmax', classCount, 'softmax'),
  ]
  const topology = {
    ...version,
    model_config: { class_name: 'Sequential', config: { name: 'net', layers } },
  }
  writeModelFiles(at('keras3'), { format: 'layers-model', modelTopology: topology }, [])
  await expect(loadModel(tf, at('keras3'))).rejects.toMatchObject({
    name: 'InputError',
    message: expect.stringMatching(
      /model\.json: this model was saved by Keras 3, .* model\.export\('saved'\), then run tensorflowjs_converter/,
    ) as string,
  })
})

it('writes a store for a loss with options, which the same loss opens', { timeout }, async () => {
  const lossOptions = { classWeight: [1, 0.5, 3], reduction: 'sum' } as const
  const given = ['--loss-options', JSON.stringify(lossOptions)]
  expect((await finished(precompute('weighted', ...given))).code).toBe(0)
  const { model } = await loadModel(tf, at('net'))
  const predictor = tfjsPredictor(model as tf.LayersModel)
  const options = { device: 'wasm', batchSize: 8, topK: 3 } as const
  const loss = { name: 'categoricalCrossentropy', ...lossOptions } as const
  const store = new FileSystemStore(at('weighted'))
  await expect(
    GradientSimilarity.open(store, predictor, 'categoricalCrossentropy', options),
  ).rejects.toMatchObject({ name: 'StoreError' })
  using opened = await GradientSimilarity.open(store, predictor, loss, options)
  using inMemory = new GradientSimilarity(predictor, loss, { ...options, precomputeGrads: true })
  await inMemory.fit(x, y)
  const tests = { data: x.data.slice(0, 16), shape: [2, 8] }
  expect((await opened.explain(tests)).scores).toEqual((await inMemory.explain(tests)).scores)
  model.dispose()
})

it.each([
  ['{ignoreLabel: -1}', "--loss-options: got '{ignoreLabel: -1}'; expected a JSON object"],
  ['[1, 2]', "--loss-options: got '[1, 2]'; expected a JSON object"],
  ['{"name": "huber"}', 'expected a JSON object without a name'],
  ['{"delta": 2}', "--loss-options: delta: got a value for 'categoricalCrossentropy'; expected"],
  ['{"reduction": "total"}', "--loss-options: reduction: got 'total'; expected one of 'mean'"],
  ['{"classWeights": [1]}', "--loss: got 'classWeights'; expected only name, ignoreLabel"],
])('refuses the loss options %s', { timeout }, async (json, part) => {
  const { code, stderr } = await finished(precompute('refused', '--loss-options', json))
  expect(stderr).toContain(part)
  expect(code).toBe(2)
  expect(existsSync(at('refused'))).toBe(false)
})
