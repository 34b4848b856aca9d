import { IntegratedGradients, type NdArray } from 'gradlens'
import {
  type Arrays,
  type Explain,
  sensitivityMax,
  type SensitivityOptions,
} from 'gradlens/evaluation'
import { expect, it } from 'vitest'
import { densePredictor } from '../../support/models/dense-net.js'
import { expectNear } from '../../support/references/differences.js'

/** x and the noise are float32: 6e-8 relative to x, whose differences of 0.02 and less are looked at. */
const float32Tolerance = 1e-6

const x: NdArray = { data: Float32Array.from([1, 2, 3, -4, 0.5, 0.25]), shape: [3, 2] }

/** Explains by a matrix, attributions A x, and keeps what it is asked. */
function byMatrix(matrix: readonly (readonly number[])[]): { explain: Explain; asked: NdArray[] } {
  const asked: NdArray[] = []
  const explain: Explain = (points) => {
    const { data, shape } = points as NdArray
    asked.push({ data: data.slice(), shape })
    const attributions = Float64Array.from(data, (_, at) => {
      const start = at - (at % 2)
      return matrix[at % 2]!.reduce((sum, a, k) => sum + a * data[start + k]!, 0)
    })
    return Promise.resolve({ data: attributions, shape })
  }
  return { explain, asked }
}

it('is the greatest change of the attributions, relative to their norm', async () => {
  const matrix = [
    [2, 1],
    [0, -3],
  ]
  const { explain, asked } = byMatrix(matrix)
  const result = await sensitivityMax(explain, x, { radius: 0.1, samples: 4 })
  expect(asked).toHaveLength(5)
  expect(asked[0]).toEqual(x)
  const times = ([a = 0, b = 0]: readonly number[]): number =>
    Math.hypot(...matrix.map(([p = 0, q = 0]) => p * a + q * b))
  const row = (array: NdArray, i: number): number[] => [...array.data.subarray(2 * i, 2 * i + 2)]
  for (const i of [0, 1, 2]) {
    const noise = asked
      .slice(1)
      .map((point) => row(point, i).map((value, k) => value - row(x, i)[k]!))
    for (const value of noise.flat()) expect(Math.abs(value)).toBeLessThan(0.1 + float32Tolerance)
    const distance = Math.max(...noise.map(times))
    expect(result.norms.data[i]).toBeCloseTo(times(row(x, i)), 12)
    expect(result.distances.data[i]).toBeCloseTo(distance, 6)
    expect(result.sensitivities.data[i]).toBeCloseTo(distance / times(row(x, i)), 6)
  }
  expect(result.mean).toBeCloseTo([...result.sensitivities.data].reduce((a, b) => a + b, 0) / 3, 12)
})

it('approaches the radius for the identity of one element, and never exceeds it', async () => {
  const identity: Explain = (points) => Promise.resolve(points as NdArray)
  const { distances } = await sensitivityMax(identity, [[1], [5]], { radius: 0.5, samples: 200 })
  // 200 uniform draws all stay 5 % below the radius once in 30,000 seeds; this one does not.
  for (const distance of distances.data) {
    expect(distance).toBeGreaterThan(0.475)
    expect(distance).toBeLessThan(0.5 + float32Tolerance)
  }
})

it('is 0 for a constant explanation, even of zeros, and infinite for one that is zero only without noise', async () => {
  const constant =
    (value: number): Explain =>
    () =>
      Promise.resolve({ data: new Float32Array(6).fill(value), shape: [3, 2] })
  expect((await sensitivityMax(constant(2), x)).mean).toBe(0)
  expect((await sensitivityMax(constant(0), x)).mean).toBe(0)
  let calls = 0
  const sudden: Explain = () => constant(calls++)(x)
  expect((await sensitivityMax(sudden, x, { samples: 1 })).mean).toBe(Infinity)
})

it('draws different noise for every example, sample and seed, and repeats it for equal ones', async () => {
  const noiseOf = async (examples: NdArray, seed?: number): Promise<number[][]> => {
    const { explain, asked } = byMatrix([
      [1, 0],
      [0, 1],
    ])
    await sensitivityMax(explain, examples, { seed, samples: 2 })
    return asked.slice(1).map(({ data }) => [...data])
  }
  const equal = { data: new Float32Array(6), shape: [3, 2] }
  const noise = await noiseOf(equal)
  expect(new Set(noise.flat()).size).toBe(12)
  expect(await noiseOf(equal, 0)).toEqual(noise)
  expect(await noiseOf(equal, 1)).not.toEqual(noise)
  // An example's noise does not depend on its company.
  const alone = await noiseOf({ data: new Float32Array(2), shape: [1, 2] })
  expect(alone).toEqual(noise.map((values) => values.slice(0, 2)))
})

it('accepts an explainer’s attributions of several inputs together', async () => {
  const predictor = densePredictor(
    [{ kernel: [[1], [-2], [4]], bias: [0], activation: 'linear' }],
    { inputShapes: [[2], [1]] },
  )
  using explainer = new IntegratedGradients(predictor, { device: 'cpu', nSteps: 2 })
  const inputs = [
    { data: Float32Array.from([1, 1]), shape: [1, 2] },
    { data: Float32Array.from([1]), shape: [1, 1] },
  ]
  const asked: (readonly NdArray[])[] = []
  const explain: Explain = async (points) => {
    const list = points as readonly NdArray[]
    asked.push(list)
    return (await explainer.explain(list)).attributions
  }
  const { norms, distances } = await sensitivityMax(explain, inputs, { samples: 1 })
  expectNear(norms.data, [Math.sqrt(1 + 4 + 16)], float32Tolerance)
  const [a, b, c] = [...asked[1]![0]!.data, ...asked[1]![1]!.data].map((value) => value - 1)
  expectNear(distances.data, [Math.hypot(a!, 2 * b!, 4 * c!)], float32Tolerance)
})

it('reports progress, passes the signal on, and ends with it', async () => {
  const controller = new AbortController()
  const done: string[] = []
  const running = sensitivityMax(
    (points, signal) => {
      expect(signal).toBe(controller.signal)
      return Promise.resolve(points as NdArray)
    },
    x,
    {
      signal: controller.signal,
      onProgress: (progress) => {
        done.push(`${progress.phase} ${progress.done}/${progress.total}`)
        if (done.length === 2) controller.abort(new Error('enough'))
      },
    },
  )
  await expect(running).rejects.toThrow('enough')
  expect(done).toEqual(['evaluate 3/30', 'evaluate 6/30'])
})

it('names what is wrong with its arguments', async () => {
  const identity: Explain = (points) => Promise.resolve(points as NdArray)
  const refused: readonly (readonly [unknown, Arrays, SensitivityOptions, string])[] = [
    [identity, 3, {}, 'x: got shape []'],
    [identity, [[1, NaN]], {}, 'x: NaN at [0, 1]'],
    [
      identity,
      [
        { data: new Float32Array(2), shape: [2] },
        { data: new Float32Array(3), shape: [3] },
      ],
      {},
      'x: got arrays of 2, 3 examples',
    ],
    [identity, x, { radius: -1 }, 'radius: got -1'],
    [identity, x, { samples: 0 }, 'samples: got 0'],
    [
      identity,
      x,
      { signal: {} as AbortSignal },
      'signal: got an object (Object); expected an AbortSignal',
    ],
    [identity, x, { seed: 2 ** 32 }, 'seed: got 4294967296'],
    [identity, x, { perturbations: 3 } as object, "options: got 'perturbations'"],
    [
      () => Promise.resolve([[1, 2]]),
      x,
      {},
      'explain: got attributions of 1 examples; expected attributions of all 3',
    ],
    [() => Promise.resolve([[1], [Infinity], [2]]), x, {}, 'the attributions: Infinity at [1, 0]'],
    ['integrated gradients', x, {}, "explain: got 'integrated gradients'; expected a function"],
  ]
  for (const [explain, examples, options, message] of refused) {
    await expect(sensitivityMax(explain as Explain, examples, options)).rejects.toThrow(message)
  }
  let calls = 0
  const growing: Explain = () =>
    Promise.resolve({ data: new Float32Array(3 * ++calls), shape: [3, calls] })
  await expect(sensitivityMax(growing, x)).rejects.toThrow(
    'explain: got attributions of shape [3, 2] after [3, 1]',
  )
})
