import { type ArrayLike, IntegratedGradients, type NdArray } from 'gradlens'
import { describe, expect, it } from 'vitest'
import { isArrayObject, toNdArray } from '../../../src/array-input.js'
import { seededRandom } from '../../support/random.js'

const kinds = [
  Float32Array,
  Float64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint8ClampedArray,
  Uint16Array,
  Uint32Array,
] as const

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1)

/** Every index of a shape, the last axis fastest: the nested loop that the library's walk is compared with. */
function* indices(shape: readonly number[], start: readonly number[] = []): Generator<number[]> {
  const length = shape[start.length]
  if (length === undefined) {
    yield [...start]
    return
  }
  for (let i = 0; i < length; i++) yield* indices(shape, [...start, i])
}

interface Strided {
  readonly data: InstanceType<(typeof kinds)[number]>
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
}

/** A random view: axes in any order, some of them reversed, repeated (stride 0) or with gaps. */
function randomView(random: () => number): Strided {
  const upTo = (n: number): number => Math.floor(random() * n)
  const shape = Array.from({ length: upTo(5) }, () => upTo(5))
  const axes = shape.map((_, axis) => axis)
  for (let last = axes.length - 1; last > 0; last--) {
    const other = upTo(last + 1)
    ;[axes[last], axes[other]] = [axes[other]!, axes[last]!]
  }
  const strides = shape.map(() => 0)
  let step = 1
  let offset = upTo(4)
  for (const axis of axes) {
    if (random() < 0.15) continue
    const isReversed = random() < 0.3
    strides[axis] = isReversed ? -step : step
    if (isReversed) offset += step * Math.max(0, shape[axis]! - 1)
    step *= Math.max(1, shape[axis]!) + upTo(2)
  }
  const length = offset + step + upTo(4)
  const numbers = Array.from({ length }, () => upTo(100))
  // A view into a larger buffer, which begins anywhere.
  const Kind = kinds[upTo(kinds.length)]!
  return { data: new Kind([0, 0, 0, ...numbers]).subarray(3), shape, strides, offset }
}

const expectedOf = ({ data, shape, strides, offset }: Strided): number[] =>
  [...indices(shape)].map(
    (index) => data[index.reduce((at, i, axis) => at + i * strides[axis]!, offset)]!,
  )

describe('strided arrays', () => {
  it('are read as a nested loop over their indices reads them', async () => {
    for (let seed = 0; seed < 500; seed++) {
      const view = randomView(seededRandom(seed))
      const { data, shape, strides, offset } = view
      const name = seed % 2 === 0 ? 'strides' : 'stride'
      const read = await toNdArray('x', { data, shape, [name]: strides, offset })
      expect([...read.data], `seed ${seed}`).toEqual(expectedOf(view))
      expect(read.shape).toEqual(shape)
      expect(read.data.constructor).toBe(data.constructor)
    }
  })

  it('are row-major from an offset if they have no strides', async () => {
    const data = Float32Array.from({ length: 10 }, (_, i) => i)
    const read = await toNdArray('x', { data, shape: [2, 3], offset: 2 })
    expect([...read.data]).toEqual([2, 3, 4, 5, 6, 7])
  })

  it('give the predictions of their elements, not of their memory order', async () => {
    // Column-major, as zarrita reads an array that was written in Fortran order.
    const columns = { data: Float32Array.of(1, 4, 2, 5, 3, 6), shape: [2, 3], stride: [1, 2] }
    using explainer = new IntegratedGradients(weighted([100, 10, 1]), { device: 'cpu' })
    const { predictions } = await explainer.explain(columns)
    expect([...predictions.data]).toEqual([123, 456])
  })
})

describe('arrays in other forms', () => {
  const shape = [2, 3]
  const numbers = [1, 2, 3, 4, 5, 6]

  it.each<[string, ArrayLike]>([
    ['a list of typed arrays', [Float32Array.of(1, 2, 3), Float64Array.of(4, 5, 6)]],
    ['a list of 64-bit integers', [BigInt64Array.of(1n, 2n, 3n), BigUint64Array.of(4n, 5n, 6n)]],
    ['a list of numbers with its shape', { data: numbers, shape }],
    ['64-bit integers', { data: BigInt64Array.from(numbers, BigInt), shape }],
    ['unsigned 64-bit integers', { data: BigUint64Array.from(numbers, BigInt), shape }],
    [
      'a tensor of ONNX Runtime',
      { data: Float32Array.from(numbers), dims: shape, type: 'float32' },
    ],
    [
      'a tensor of token ids',
      { data: BigInt64Array.from(numbers, BigInt), dims: shape, type: 'int64' },
    ],
    ['equal shape and dims', { data: numbers, shape, dims: shape }],
    [
      'strided 64-bit integers',
      { data: BigInt64Array.of(1n, 4n, 2n, 5n, 3n, 6n), shape, strides: [1, 2] },
    ],
    ['a Node Buffer', { data: Buffer.from(numbers), shape }],
  ])('%s is read', async (_, value) => {
    const read = await toNdArray('x', value)
    expect([...read.data]).toEqual(numbers)
    expect(read.shape).toEqual(shape)
  })

  it('a typed array alone has one axis', async () => {
    expect(await toNdArray('target', BigInt64Array.of(2n, 0n))).toEqual({
      data: Int32Array.of(2, 0),
      shape: [2],
    })
  })

  it('nested lists can end in typed arrays at any depth', async () => {
    const read = await toNdArray('x', [
      [Int8Array.of(1, 2), Int8Array.of(3, 4)],
      [Int8Array.of(5, 6), Int8Array.of(7, 8)],
    ])
    expect(read).toEqual({ data: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8), shape: [2, 2, 2] })
  })

  it('64-bit integers keep the ends of the range of int32', async () => {
    const { data } = await toNdArray('x', BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n))
    expect(data).toEqual(Int32Array.of(-(2 ** 31), 2 ** 31 - 1))
  })

  it('a copy shares no memory with the caller', async () => {
    for (const data of [Buffer.from(numbers), Float32Array.from(numbers), [...numbers]]) {
      const read = await toNdArray('x', { data, shape })
      data[0] = 99
      expect(read.data[0]).toBe(1)
    }
  })

  it("an object of several arrays by name isn't an array", () => {
    expect(isArrayObject({ question: [1], answer: [2] })).toBe(false)
    expect(isArrayObject({ data: [1], dims: [1] })).toBe(true)
  })

  it('every number of a strided view is once in a transposed copy', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = seededRandom(seed)
      const [rows, columns] = [1 + Math.floor(random() * 6), 1 + Math.floor(random() * 6)]
      const data = Float32Array.from({ length: rows * columns }, random)
      const strides = [1, columns]
      const { data: read } = await toNdArray('x', { data, shape: [columns, rows], strides })
      expect(sizeOf([columns, rows])).toBe(read.length)
      expect([...read].sort()).toEqual([...data].sort())
    }
  })
})

function weighted(
  weights: readonly number[],
): ConstructorParameters<typeof IntegratedGradients>[0] {
  const output = ({ data }: NdArray): Float32Array =>
    Float32Array.from({ length: data.length / weights.length }, (_, i) =>
      weights.reduce((sum, w, k) => sum + w * data[i * weights.length + k]!, 0),
    )
  return {
    name: 'weighted sum',
    inputs: [{ name: 'x', shape: [weights.length], dtype: 'float32' }],
    output: { name: 'y', shape: [1], dtype: 'float32' },
    parameters: [],
    open: () =>
      Promise.resolve({
        weightsVersion: 1,
        predict: ([x]) => Promise.resolve({ data: output(x!), shape: [x!.shape[0]!, 1] }),
        inputGradients: ([x]) =>
          Promise.resolve([
            {
              data: Float32Array.from(x!.data, (_, k) => weights[k % weights.length]!),
              shape: x!.shape,
            },
          ]),
        lossGradients: () => Promise.reject(new Error('not asked for')),
        [Symbol.dispose]: () => undefined,
      }),
  }
}
