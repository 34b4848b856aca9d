import { functionPredictor, type NdArray, Occlusion } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { throughChannel } from '../../support/devices/exposed-explainers.js'
import { randomLayers } from '../../support/models/small-nets.js'
import { sequentialOf } from '../../support/models/tfjs-nets.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectNear } from '../../support/references/differences.js'

/** Differences of float32 outputs of order 1. */
const tolerance = 1e-5

const random = seededRandom(43)
const floats = (shape: readonly number[]): NdArray => ({
  data: Float32Array.from(uniform(random, sizeOf(shape), [-1, 1])),
  shape,
})
const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((size, length) => size * length, 1)

/** A smooth function of all elements, in float64: [sin Σ w x, Σ w² x²] of each example. */
function outputsOf({ data, shape }: NdArray): number[][] {
  const size = sizeOf(shape.slice(1))
  return Array.from({ length: shape[0]! }, (_, i) => {
    const row = [...data.subarray(i * size, (i + 1) * size)]
    const weighted = row.map((value, k) => value * Math.cos(3 * k + 1))
    return [
      Math.sin(weighted.reduce((sum, value) => sum + value, 0)),
      weighted.reduce((sum, value) => sum + value * value, 0),
    ]
  })
}

interface Grid {
  readonly shape: readonly number[]
  readonly windowShape?: readonly number[]
  readonly strides?: readonly number[]
  readonly channels?: 'first' | 'last'
  /** What the windows must be. */
  readonly windows: readonly number[]
  readonly steps: readonly number[]
  readonly result: readonly number[]
}

const grids: readonly Grid[] = [
  { shape: [5], windows: [1], steps: [1], result: [5] },
  { shape: [5], windowShape: [3], strides: [2], windows: [3], steps: [2], result: [5] },
  { shape: [6], windowShape: [4], strides: [4], windows: [4], steps: [4], result: [6] },
  { shape: [17, 2], windows: [3, 1], steps: [1, 1], result: [17, 2] },
  { shape: [9, 7, 3], windows: [2, 1, 3], steps: [1, 1, 3], result: [9, 7, 1] },
  { shape: [3, 9, 7], channels: 'first', windows: [3, 2, 1], steps: [3, 1, 1], result: [1, 9, 7] },
  {
    shape: [4, 5, 2],
    windowShape: [3, 2, 1],
    strides: [2, 2, 1],
    windows: [3, 2, 1],
    steps: [2, 2, 1],
    result: [4, 5, 2],
  },
]

/** Each window in turn, by nested loops over all elements. */
function reference(
  x: NdArray,
  example: number,
  target: number,
  hiding: number,
  grid: Grid,
): number[] {
  const { shape, windows, steps, result } = grid
  const size = sizeOf(shape)
  const values = [...x.data.subarray(example * size, (example + 1) * size)]
  const predict = (row: number[]): number =>
    outputsOf({ data: Float32Array.from(row), shape: [1, ...shape] })[0]![target]!
  const base = predict(values)
  const positions = (lengths: readonly number[]): number[][] =>
    lengths.reduce<number[][]>(
      (all, length) => all.flatMap((p) => Array.from({ length }, (_, k) => [...p, k])),
      [[]],
    )
  const starts = positions(
    shape.map((length, a) => Math.ceil((length - windows[a]!) / steps[a]!) + 1),
  )
  const sums = new Array<number>(sizeOf(result)).fill(0)
  const counts = new Array<number>(sizeOf(result)).fill(0)
  for (const start of starts) {
    const isIn = (p: readonly number[]): boolean =>
      p.every((k, a) => k >= start[a]! * steps[a]! && k < start[a]! * steps[a]! + windows[a]!)
    const cells = positions(shape)
    const hidden = values.map((value, k) => (isIn(cells[k]!) ? hiding : value))
    const fall = base - predict(hidden)
    for (const [k, p] of positions(result).entries()) {
      if (!isIn(p)) continue
      sums[k]! += fall
      counts[k]! += 1
    }
  }
  return sums.map((sum, k) => sum / counts[k]!)
}

describe('Occlusion', () => {
  it.each(grids)('of examples $shape hides each window, as nested loops do', async (grid) => {
    const { shape, channels = 'last', windowShape, strides } = grid
    const predictor = functionPredictor(outputsOf, {
      inputs: [{ shape, channels }],
    })
    const x = floats([3, ...shape])
    for (const [hiding, internalBatchSize] of [
      [0, 100],
      [0.25, 7],
    ] as const) {
      using explainer = new Occlusion(predictor, {
        internalBatchSize,
        ...(windowShape && { windowShape }),
        ...(strides && { strides }),
      })
      const e = await explainer.explain(x, { target: [0, 1, 0], baselines: hiding })
      expect(e.attributions[0]!.shape).toEqual([3, ...grid.result])
      const expected = [0, 1, 0].flatMap((target, i) => reference(x, i, target, hiding, grid))
      expectNear(e.attributions[0]!.data, expected, tolerance)
      expect(e.meta.params).toMatchObject({ windowShape: [grid.windows], strides: [grid.steps] })
    }
  })

  it('skips windows that are already hidden', async () => {
    let rows = 0
    const predictor = functionPredictor(
      (x) => {
        rows += x.shape[0]!
        return outputsOf(x)
      },
      { inputs: [{ shape: [6] }] },
    )
    using explainer = new Occlusion(predictor)
    const e = await explainer.explain([0, 0.5, 0, 0, 0.2, 0], { target: 0 })
    expect(rows).toBe(1 + 2)
    expect([...e.attributions[0]!.data].map((value) => value !== 0)).toEqual([
      ...[false, true, false, false, true, false],
    ])
  })

  it('explains several targets with the passes of one', async () => {
    let rows = 0
    const predictor = functionPredictor(
      (x) => {
        rows += x.shape[0]!
        return outputsOf(x)
      },
      { inputs: [{ shape: [4] }] },
    )
    const x = floats([2, 4])
    using explainer = new Occlusion(predictor)
    const each = await explainer.explain(x, { target: { each: [0, 1] } })
    expect(rows).toBe(2 + 2 * 4)
    for (const t of [0, 1]) {
      const one = await explainer.explain(x, { target: t })
      expect([...each.attributions[0]!.data].slice(t * 8, t * 8 + 8)).toEqual([
        ...one.attributions[0]!.data,
      ])
    }
  })

  it('accepts several inputs, each with its own windows', async () => {
    const predictor = functionPredictor(
      (a, b) =>
        outputsOf(a).map(([first], i) => [first! + 2 * b.data[3 * i]! * b.data[3 * i + 1]!]),
      {
        inputs: [
          { name: 'a', shape: [4] },
          { name: 'b', shape: [3], dtype: 'int32' },
        ],
      },
    )
    using explainer = new Occlusion(predictor, { windowShape: { a: [2], b: null } })
    const e = await explainer.explain({ a: [[1, 2, 3, 4]], b: [[5, 6, 7]] })
    expect(e.attributionNames).toEqual(['a', 'b'])
    expectNear(e.attributions[1]!.data, [60, 60, 0], tolerance * 60)
    expect(e.meta.params['windowShape']).toEqual([[2], [1]])
  })

  it('counts class 0 of a single score as 1 − F', async () => {
    const predictor = functionPredictor((x) => outputsOf(x).map(([first]) => [first!]), {
      inputs: [{ shape: [4] }],
    })
    const x = floats([1, 4])
    using explainer = new Occlusion(predictor)
    const [one, zero] = [
      await explainer.explain(x, { target: 1 }),
      await explainer.explain(x, { target: 0 }),
    ]
    expectNear(
      zero.attributions[0]!.data,
      one.attributions[0]!.data.map((value) => -value),
      1e-7,
    )
  })
})

describe.each(devices)('Occlusion on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  it('of a net is the difference of its outputs', async () => {
    const predictor = tfjsPredictor(sequentialOf(randomLayers([4, 6, 3], 'softmax')))
    const x = floats([3, 4])
    using explainer = new Occlusion(predictor, { device })
    const e = await explainer.explain(x, { target: 2 })
    const hidden = { data: new Float32Array(48), shape: [12, 4] }
    for (let q = 0; q < 12; q++) {
      const i = Math.floor(q / 4)
      hidden.data.set(x.data.subarray(4 * i, 4 * i + 4), 4 * q)
      hidden.data[4 * q + (q % 4)] = 0
    }
    using session = await predictor.open(device, { allowSoftware: true })
    const outputs = await session.predict([hidden], {})
    const expected = Array.from(
      { length: 12 },
      (_, q) => e.predictions.data[3 * Math.floor(q / 4) + 2]! - outputs.data[3 * q + 2]!,
    )
    expectNear(e.attributions[0]!.data, expected, tolerance)
  })
})

describe('Occlusion in a worker', () => {
  it('gives the same', async () => {
    const predictor = functionPredictor(outputsOf, { inputs: [{ shape: [4] }] })
    const x = floats([2, 4])
    using explainer = new Occlusion(predictor)
    const own = await explainer.explain(x, { target: 1 })
    using remote = throughChannel(() => predictor as never).occlusion()
    expect((await remote.explain(x, { target: 1 })).attributions).toEqual(own.attributions)
  })
})
