import {
  type Device,
  isGradlensError,
  type LossFunction,
  type LossName,
  type NdArray,
  type Predictor,
  type PredictorSession,
} from 'gradlens'
import { moveWeight } from '../models/move-weight.js'
import { describe, expect, it } from 'vitest'
import golden from '../../fixtures/alibi-golden.json'
import type { DenseActivation } from '../models/dense-net.js'
import {
  differenceTolerance,
  expectNear,
  fourPoint,
  largest,
  movedColumn,
  rowOf,
} from './differences.js'
import { materializedGradients } from './formed-gradients.js'
import { seededRandom, uniform } from '../random.js'
import { hostGradients, lossGradients } from '../gradients/host-block.js'

/** A net of dense layers: weights in the order kernel, bias, kernel, bias, … */
export interface NetSpec {
  readonly weights: readonly Weights[]
  readonly activations: readonly DenseActivation[]
  /** They are flattened and joined before the first layer. */
  readonly inputShapes: readonly (readonly number[])[]
}

export type Weights = readonly number[] | readonly (readonly number[])[]

/** A kind of Predictor, and how to make one of it. */
export interface PredictorKind<Value> {
  /** A predictor of that net, and how its page changes the weights later. */
  readonly create: (net: NetSpec) => {
    readonly predictor: Predictor<Value>
    readonly setWeights: (weights: readonly Weights[]) => void
  }
  readonly device: Device
  /** A device that it must refuse here. */
  readonly refused: { readonly device: Device; readonly allowSoftware: boolean }
  /** Σ over outputs of (yTrue − yPred)⁴, per example or for all, in the predictor's own terms. */
  readonly fourthPowers: LossFunction<Value>
}

/** Float32 against alibi's float32. */
const predictionTolerance = 1e-5

/** Float32 sums of a few numbers in another order. */
const batchTolerance = 1e-6

const x: NdArray = {
  data: uniform(seededRandom(7), 5 * 3, [-1, 1]),
  shape: [5, 3],
}

const hidden = 2

function netOf(outputs: number, last: DenseActivation, seed: number): NetSpec {
  const random = seededRandom(seed)
  const matrix = (rows: number, columns: number): number[][] =>
    Array.from({ length: rows }, () => [...uniform(random, columns, [-1, 1])])
  const vector = (count: number): number[] => [...uniform(random, count, [-0.5, 0.5])]
  return {
    weights: [matrix(3, hidden), vector(hidden), matrix(hidden, outputs), vector(outputs)],
    activations: ['tanh', last],
    inputShapes: [[3]],
  }
}

interface LossCase {
  readonly loss: LossName
  readonly last: DenseActivation
  readonly y: NdArray
  /** The loss of one example, from its label and what the model says. */
  readonly value: (y: readonly number[], p: readonly number[]) => number
}

const floats = (data: readonly number[], shape: readonly number[]): NdArray => ({
  data: Float64Array.from(data),
  shape,
})
const oneHots = floats([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0.2, 0.3, 0.5], [5, 3])
const classes = floats([0, 1, 2, 1, 0], [5])
const shares = floats([1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 0.5, 0, 1, 1], [5, 3])
// Off the predictions by more than a step: |·| has no gradient at 0.
const values = floats([2, -2, 3, 2, -3, 2, -2, 2, 3, 3, -2, 2, 2, 3, -3], [5, 3])

const sum = (terms: readonly number[]): number => terms.reduce((total, term) => total + term, 0)
const logSumExp = (z: readonly number[]): number => Math.log(sum(z.map(Math.exp)))
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
const bernoulli = (y: number, p: number): number => -y * Math.log(p) - (1 - y) * Math.log(1 - p)
const fourthPower = (y: readonly number[], p: readonly number[]): number =>
  sum(p.map((value, k) => ((y[k] ?? NaN) - value) ** 4))

const lossCases: readonly LossCase[] = [
  {
    loss: 'categoricalCrossentropy',
    last: 'softmax',
    y: oneHots,
    value: (y, p) => -sum(p.map((value, k) => (y[k] ?? NaN) * Math.log(value))),
  },
  {
    loss: 'sparseCategoricalCrossentropy',
    last: 'softmax',
    y: classes,
    value: ([y = NaN], p) => -Math.log(p[y] ?? NaN),
  },
  {
    loss: 'categoricalCrossentropyFromLogits',
    last: 'linear',
    y: oneHots,
    value: (y, z) => logSumExp(z) * sum(y) - sum(z.map((value, k) => (y[k] ?? NaN) * value)),
  },
  {
    loss: 'sparseCategoricalCrossentropyFromLogits',
    last: 'linear',
    y: classes,
    value: ([y = NaN], z) => logSumExp(z) - (z[y] ?? NaN),
  },
  {
    loss: 'binaryCrossentropy',
    last: 'sigmoid',
    y: shares,
    value: (y, p) => sum(p.map((value, k) => bernoulli(y[k] ?? NaN, value))) / p.length,
  },
  {
    loss: 'binaryCrossentropyFromLogits',
    last: 'linear',
    y: shares,
    value: (y, z) => sum(z.map((value, k) => bernoulli(y[k] ?? NaN, sigmoid(value)))) / z.length,
  },
  {
    loss: 'meanSquaredError',
    last: 'linear',
    y: values,
    value: (y, p) => sum(p.map((value, k) => ((y[k] ?? NaN) - value) ** 2)) / p.length,
  },
  {
    loss: 'meanAbsoluteError',
    last: 'linear',
    y: values,
    value: (y, p) => sum(p.map((value, k) => Math.abs((y[k] ?? NaN) - value))) / p.length,
  },
]

/** What every Predictor promises, whatever it is made of. */
export function predictorConformance<Value>(kind: PredictorKind<Value>): void {
  const { create, device } = kind
  const open = (predictor: Predictor<Value>): Promise<PredictorSession<Value>> =>
    predictor.open(device, { allowSoftware: true })

  it('says what goes in, what comes out and which parameters there are', () => {
    const { predictor } = create(netOf(3, 'softmax', 1))
    expect(predictor.inputs.map(({ shape }) => shape)).toEqual([[3]])
    expect(predictor.output.shape).toEqual([3])
    expect(predictor.parameters.map(({ shape }) => shape)).toEqual([[3, 2], [2], [2, 3], [3]])
    expect(predictor.parameters.every(({ trainable }) => trainable)).toBe(true)
    expect(new Set(predictor.parameters.map(({ name }) => name)).size).toBe(4)
  })

  it('predicts what alibi saw', async () => {
    const { weights, X, predictions } = golden.ig_softmax
    const { predictor } = create({
      weights: weights,
      activations: ['tanh', 'softmax'],
      inputShapes: [[X[0]?.length ?? 0]],
    })
    using session = await open(predictor)
    const output = await session.predict([floats(X.flat(), [X.length, X[0]?.length ?? 0])], {})
    expect(output.shape).toEqual([predictions.length, predictions[0]?.length])
    expectNear(output.data, predictions.flat(), predictionTolerance)
  })

  it('gives the gradient of each example’s own output with respect to its inputs', async () => {
    const { predictor } = create(netOf(3, 'softmax', 2))
    using session = await open(predictor)
    const indices = Int32Array.from([0, 1, 2, 2, 1])
    const [gradient] = await session.inputGradients([x], indices, {})
    expect(gradient?.shape).toEqual(x.shape)
    const outputsAt = async (moved: NdArray): Promise<number[]> => {
      const { data } = await session.predict([moved], {})
      return [...indices].map((index, i) => data[i * 3 + index] ?? NaN)
    }
    // The examples are independent, so that one coordinate of all is moved at once.
    const expected = new Float64Array(x.data.length)
    for (let k = 0; k < 3; k++) {
      const difference = await fourPoint((by) => outputsAt(movedColumn(x, k, by)))
      for (const [i, value] of difference.entries()) expected[i * 3 + k] = value
    }
    expectNear(gradient?.data ?? [], expected, differenceTolerance * largest(expected))
  })

  it('differentiates a model of several inputs with respect to each', async () => {
    const { weights, X } = golden.ig_multi_input
    const inputs = [floats(X[0]!.flat(2), [5, 3, 2]), floats(X[1]!.flat(2), [5, 4])]
    const { predictor } = create({
      weights: weights,
      activations: ['tanh', 'softmax'],
      inputShapes: [[3, 2], [4]],
    })
    using session = await open(predictor)
    const gradients = await session.inputGradients(inputs, new Int32Array(5).fill(1), {})
    expect(gradients.map(({ shape }) => shape)).toEqual([
      [5, 3, 2],
      [5, 4],
    ])
    const outputs = async (moved: NdArray[]): Promise<number[]> =>
      [...(await session.predict(moved, {})).data].filter((_, at) => at % 2 === 1)
    for (const [j, input] of inputs.entries()) {
      const size = input.data.length / 5
      const expected = new Float64Array(input.data.length)
      for (let k = 0; k < size; k++) {
        const difference = await fourPoint((by) =>
          outputs(inputs.map((array, i) => (i === j ? movedColumn(array, k, by) : array))),
        )
        for (const [i, value] of difference.entries()) expected[i * size + k] = value
      }
      expectNear(gradients[j]?.data ?? [], expected, differenceTolerance * largest(expected))
      // The other one may be given by its name, and has no gradient then.
      const named = { [predictor.inputs[1 - j]!.name]: inputs[1 - j]! }
      const own = await session.inputGradients([input], new Int32Array(5).fill(1), named)
      expect(own).toEqual([gradients[j]])
    }
  })

  // The losses differ, but not what they look at: the predictions beside each weight, which take the time.
  const predictionsBeside = new Map<string, NdArray>()

  it.each([
    ...lossCases,
    { loss: kind.fourthPowers, last: 'softmax' as const, y: oneHots, value: fourthPower },
  ])('gives each example’s own gradient of $loss', async ({ loss, last, y, value }) => {
    const net = netOf(3, last, 3)
    const { predictor, setWeights } = create(net)
    using session = await open(predictor)
    const block = await hostGradients(session, [x], y, loss)
    expect(block.exampleCount).toBe(5)
    const lossesBeside = async (w: number, k: number, by: number): Promise<number[]> => {
      const place = [last, w, k, by].join()
      let output = predictionsBeside.get(place)
      if (output === undefined) {
        setWeights(moveWeight(net.weights, w, k, by))
        predictionsBeside.set(place, (output = await session.predict([x], {})))
      }
      const predictions = output
      return Array.from({ length: 5 }, (_, i) => value(rowOf(y, i), rowOf(predictions, i)))
    }
    const gradients = Array.from({ length: 5 }, (_, i) => materializedGradients(block, i))
    for (const [w, { name, shape }] of predictor.parameters.entries()) {
      const size = shape.reduce((product, length) => product * length, 1)
      const expected = gradients.map(() => new Float64Array(size))
      for (let k = 0; k < size; k++) {
        const difference = await fourPoint((by) => lossesBeside(w, k, by))
        for (const [i, slope] of difference.entries()) expected[i]![k] = slope
      }
      for (const [i, slopes] of expected.entries()) {
        const got = gradients[i]?.get(name) ?? new Float64Array(size)
        expectNear(got, slopes, differenceTolerance * Math.max(1, largest(slopes)))
      }
    }
  })

  it.each(['sparseCategoricalCrossentropy' as const, kind.fourthPowers])(
    'gives an example the same gradient alone and in any company (%s)',
    async (loss) => {
      const { predictor } = create(netOf(3, 'softmax', 4))
      const y = typeof loss === 'string' ? classes : oneHots
      using session = await open(predictor)
      const together = await hostGradients(session, [x], y, loss)
      for (const order of [[0], [3], [4, 3], [2, 2, 0]]) {
        const pick = (array: NdArray): NdArray =>
          floats(
            order.flatMap((i) => rowOf(array, i)),
            [order.length, ...array.shape.slice(1)],
          )
        const block = await hostGradients(session, [pick(x)], pick(y), loss)
        for (const [row, i] of order.entries()) {
          const expected = materializedGradients(together, i)
          for (const [name, values] of materializedGradients(block, row)) {
            expectNear(values, expected.get(name) ?? [], batchTolerance)
          }
        }
      }
    },
  )

  it('predicts for an example alone what it predicts in company', async () => {
    const { predictor } = create(netOf(3, 'softmax', 5))
    using session = await open(predictor)
    const { data } = await session.predict([x], {})
    const alone = await session.predict([floats(rowOf(x, 3), [1, 3])], {})
    expect(alone.shape).toEqual([1, 3])
    expectNear(alone.data, data.subarray(9, 12), batchTolerance)
  })

  it('leaves what it is given and the model as they are', async () => {
    const net = netOf(3, 'softmax', 6)
    const { predictor } = create(net)
    using session = await open(predictor)
    const given = { data: x.data.slice(), shape: [...x.shape] }
    const y = { data: classes.data.slice(), shape: [...classes.shape] }
    const before = await session.predict([given], {})
    await session.inputGradients([given], new Int32Array(5), {})
    await hostGradients(session, [given], y, 'sparseCategoricalCrossentropy')
    const after = await session.predict([given], {})
    expect(given).toEqual({ data: x.data, shape: x.shape })
    expect(y).toEqual({ data: classes.data, shape: classes.shape })
    expect(after).toEqual(before)
  })

  it('sees weights that the page changed between two calls', async () => {
    const { predictor, setWeights } = create(netOf(3, 'softmax', 7))
    using session = await open(predictor)
    const before = await session.predict([x], {})
    const { weightsVersion } = session
    expect(session.weightsVersion).toBe(weightsVersion)
    setWeights(netOf(3, 'softmax', 8).weights)
    expect(session.weightsVersion).not.toBe(weightsVersion)
    const after = await session.predict([x], {})
    expect(after.data).not.toEqual(before.data)
    using fresh = await open(create(netOf(3, 'softmax', 8)).predictor)
    expectNear(after.data, (await fresh.predict([x], {})).data, batchTolerance)
  })

  it('refuses a device that it cannot run on, by name', async () => {
    const { predictor } = create(netOf(3, 'softmax', 9))
    const { device: refused, allowSoftware } = kind.refused
    const error: unknown = await predictor.open(refused, { allowSoftware }).catch((e: unknown) => e)
    expect(isGradlensError(error, 'DeviceError')).toBe(true)
    expect(error).toMatchObject({ device: refused })
    expect((error as Error).message).toContain(refused)
  })

  it('ends with dispose, each session by itself, and dispose twice is fine', async () => {
    const { predictor } = create(netOf(3, 'softmax', 10))
    const first = await open(predictor)
    using second = await open(predictor)
    const before = await second.predict([x], {})
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    await expect(first.predict([x], {})).rejects.toMatchObject({ name: 'DisposedError' })
    await expect(first.inputGradients([x], new Int32Array(5), {})).rejects.toMatchObject({
      name: 'DisposedError',
    })
    await expect(lossGradients(first, [x], values, 'meanSquaredError')).rejects.toMatchObject({
      name: 'DisposedError',
    })
    expect(await second.predict([x], {})).toEqual(before)
  })

  it('rejects what it was asked before dispose, and leaves nothing behind', async () => {
    const { predictor } = create(netOf(3, 'softmax', 12))
    const session = await open(predictor)
    const running = [
      session.predict([x], {}),
      lossGradients(session, [x], classes, 'sparseCategoricalCrossentropy'),
    ]
    session[Symbol.dispose]()
    for (const call of running) await expect(call).rejects.toMatchObject({ name: 'DisposedError' })
  })

  describe('several calls at once', () => {
    it('from the first on give each its own answer', async () => {
      const { predictor } = create(netOf(3, 'softmax', 13))
      using session = await open(predictor)
      const atOnce = await Promise.all([session.predict([x], {}), session.predict([x], {})])
      expect(atOnce[1]).toEqual(atOnce[0])
      expect(await session.predict([x], {})).toEqual(atOnce[0])
    })

    it('do not disturb each other', async () => {
      const { predictor } = create(netOf(3, 'softmax', 11))
      using session = await open(predictor)
      const indices = Int32Array.from([0, 1, 2, 2, 1])
      const one = await session.inputGradients([x], indices, {})
      const other = await hostGradients(session, [x], classes, 'sparseCategoricalCrossentropy')
      const atOnce = await Promise.all([
        session.inputGradients([x], indices, {}),
        hostGradients(session, [x], classes, 'sparseCategoricalCrossentropy'),
        session.predict([x], {}),
      ])
      expect(atOnce.slice(0, 2)).toEqual([one, other])
    })
  })
}
