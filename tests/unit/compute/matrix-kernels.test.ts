import { describe, expect, it } from 'vitest'
import { compileKernels } from '../../../scripts/build/compile-kernels.mjs'
import { decomposeTridiagonal } from '../../../src/curvature/eigen/decompose-tridiagonal.js'
import { decomposeLowRank } from '../../../src/curvature/eigen/decompose-low-rank.js'
import { decomposeSymmetric } from '../../../src/curvature/eigen/decompose-symmetric.js'
import { matrixBinary } from '../../../src/curvature/matrices/matrix-binary.js'
import {
  allocateZeros,
  type Matrices,
  place,
  viewColumns,
  viewRows,
} from '../../../src/curvature/matrices/matrices.js'
import { openMatrices } from '../../../src/curvature/matrices/open-matrices.js'
import { plainMatrices } from '../../../src/curvature/matrices/plain-matrices.js'
import type { ConvolutionGeometry } from '../../../src/gradients/block.js'
import { extractPatches } from '../../../src/gradients/patches.js'
import { seededRandom } from '../../../src/random.js'

/** Sums of at most 300 products in float64. */
const tolerance = 1e-12

/** A few hundred roundings in float64, relative to the largest eigenvalue. */
const tridiagonalTolerance = 1e-13

/** Eigenvectors are kept in float32. */
const vectorTolerance = 1e-6

const random = seededRandom(7)
const draw = (most: number): number => 1 + Math.floor(random() * most)
const fill = (count: number): Float64Array =>
  Float64Array.from({ length: count }, () => random() - 0.5)

function drawGeometry(): ConvolutionGeometry {
  const [filterHeight, filterWidth] = [draw(4), draw(4)]
  const [dilationHeight, dilationWidth] = [draw(3), draw(3)]
  const [strideHeight, strideWidth] = [draw(3), draw(3)]
  const [padTop, padLeft] = [draw(4) - 1, draw(4) - 1]
  const [outHeight, outWidth] = [draw(5), draw(5)]
  return {
    ...{ filterHeight, filterWidth, dilationHeight, dilationWidth, strideHeight, strideWidth },
    ...{ padTop, padLeft, outHeight, outWidth },
    inHeight: draw(7),
    inWidth: draw(7),
    inChannels: draw(3),
    outChannels: 1,
  }
}

const workspaces: readonly [string, () => Promise<Matrices>][] = [
  ['SIMD', openMatrices],
  ['JavaScript', () => Promise.resolve(plainMatrices)],
]

it('has the kernels that their source compiles to', async () => {
  expect(matrixBinary).toBe(await compileKernels('matrix'))
})

describe.each(workspaces)('in %s', (_, open) => {
  it('adds products of matrices of any size', async () => {
    const matrices = await open()
    for (let k = 0; k < 80; k++) {
      matrices.clear()
      const [m, inner, n] = [draw(11), draw(k < 70 ? 9 : 300), draw(11)]
      const isTransposed = random() < 0.5
      const isLower = m === n && random() < 0.5
      const [a, b, c] = [fill(m * inner), fill(inner * n), fill(m * n)]
      const sum = place(matrices, c)
      const left = place(matrices, a)
      matrices.multiplyAdd(
        isTransposed ? viewColumns(left, m) : viewRows(left, inner),
        viewRows(place(matrices, b), n),
        [m, inner, n],
        viewRows(sum, n),
        isLower,
      )
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < (isLower ? i + 1 : n); j++) {
          let expected = c[i * n + j]!
          for (let l = 0; l < inner; l++) {
            expected += a[isTransposed ? l * m + i : i * inner + l]! * b[l * n + j]!
          }
          expect(Math.abs(sum.data[i * n + j]! - expected)).toBeLessThan(tolerance)
        }
      }
    }
  })

  it('adds products of parts of numbers', async () => {
    const matrices = await open()
    matrices.clear()
    const numbers = place(matrices, fill(40))
    const sum = allocateZeros(matrices, 6)
    matrices.multiplyAdd(
      viewColumns(numbers, 2, 5),
      viewRows(numbers, 3, 20),
      [2, 4, 3],
      viewRows(sum, 3),
    )
    const { data } = numbers
    for (let i = 0; i < 2; i++) {
      for (let j = 0; j < 3; j++) {
        const terms = [0, 1, 2, 3].map((l) => data[5 + l * 2 + i]! * data[20 + l * 3 + j]!)
        const expected = terms.reduce((total, term) => total + term, 0)
        expect(sum.data[i * 3 + j]).toBeCloseTo(expected, 12)
      }
    }
  })

  it('writes patches of any geometry as JavaScript does', async () => {
    const matrices = await open()
    for (let k = 0; k < 60; k++) {
      matrices.clear()
      const geometry = drawGeometry()
      const { inHeight, inWidth, inChannels, filterHeight, filterWidth } = geometry
      const exampleCount = draw(3)
      const images = Float32Array.from(fill(exampleCount * inHeight * inWidth * inChannels))
      const patchSize = filterHeight * filterWidth * inChannels
      const rowSize = patchSize + draw(2) - 1
      const count = exampleCount * geometry.outHeight * geometry.outWidth
      const written = place(matrices, new Float64Array(count * rowSize).fill(-1))
      matrices.writePatches(images, geometry, exampleCount, written, rowSize)
      const patches = extractPatches(images, geometry, exampleCount)
      const expected = new Float64Array(count * rowSize).fill(-1)
      for (let row = 0; row < count; row++) {
        for (let j = 0; j < patchSize; j++) {
          // Padding is not written.
          const value = patches[row * patchSize + j]!
          expected[row * rowSize + j] = value === 0 ? -1 : value
        }
      }
      expect([...written.data]).toEqual([...expected])
    }
  })

  it('writes vectors of float32 numbers at the starts of rows', async () => {
    const matrices = await open()
    matrices.clear()
    for (const [size, rowSize] of [
      [1, 1],
      [3, 4],
      [5, 5],
      [8, 9],
    ] as const) {
      const vectors = Float32Array.from(fill(7 * size))
      const written = place(matrices, new Float64Array(7 * rowSize).fill(2))
      matrices.writeRows(vectors, size, written, rowSize)
      const expected = Array.from({ length: 7 * rowSize }, (__, k) => {
        const [row, j] = [Math.floor(k / rowSize), k % rowSize]
        return j < size ? vectors[row * size + j] : 2
      })
      expect([...written.data]).toEqual(expected)
    }
  })

  it('leaves reserved numbers as they are when others are freed', async () => {
    const matrices = await open()
    matrices.clear()
    const kept = place(matrices, fill(5))
    const before = [...kept.data]
    matrices.reserve()
    for (let k = 0; k < 3; k++) {
      matrices.clear()
      place(matrices, fill(100_000))
    }
    expect([...kept.data]).toEqual(before)
  })

  it.each([
    [1, 1],
    [2, 1],
    [3, 3],
    [9, 4],
    [40, 40],
    [67, 20],
    [131, 131],
  ])('decomposes a symmetric matrix of size %i and rank %i', async (n, rank) => {
    const factors = fill(n * rank)
    const at = (i: number, j: number): number => {
      let sum = 0
      for (let k = 0; k < rank; k++) sum += factors[i * rank + k]! * factors[j * rank + k]!
      return sum
    }
    // Only the lower triangle is read.
    const matrix = Float64Array.from({ length: n * n }, (__, k) => {
      const [i, j] = [Math.floor(k / n), k % n]
      return j > i ? NaN : at(i, j)
    })
    const matrices = await open()
    const decomposed = await decomposeSymmetric(matrix, n, matrices, () => Promise.resolve())
    const { values, vectors } = decomposed
    expect([...values]).toEqual([...values].sort((a, b) => a - b))
    const largest = values[n - 1]!
    let error = 0
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let product = 0
        let unit = 0
        for (let k = 0; k < n; k++) {
          product += vectors[i * n + k]! * values[k]! * vectors[j * n + k]!
          unit += vectors[k * n + i]! * vectors[k * n + j]!
        }
        const other = Math.abs(unit - (i === j ? 1 : 0))
        error = Math.max(error, Math.abs(product - at(i, j)) / largest, other)
      }
    }
    expect(error).toBeLessThan(vectorTolerance)
  })

  it.each([
    [9, 4, 4],
    [40, 3, 20],
    [131, 30, 30],
    [131, 1, 65],
    // Inputs of very different sizes.
    [90, 30, 45],
  ])('decomposes a matrix of size %i and rank %i, of at most %i', async (n, rank, most) => {
    const factors = fill(n * rank)
    const scaleOf = (k: number): number => (n === 90 ? 10 ** (-k / 8) : 1)
    const at = (i: number, j: number): number => {
      let sum = 0
      for (let k = 0; k < rank; k++) {
        sum += factors[i * rank + k]! * scaleOf(k) ** 2 * factors[j * rank + k]!
      }
      return sum
    }
    const matrix = Float64Array.from({ length: n * n }, (__, k) => {
      const [i, j] = [Math.floor(k / n), k % n]
      return j > i ? NaN : at(i, j)
    })
    const matrices = await open()
    const { values, vectors } = await decomposeLowRank(matrix, n, most, matrices, () => undefined)
    expect(values).toHaveLength(rank)
    expect([...values]).toEqual([...values].sort((a, b) => a - b))
    let error = 0
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let product = 0
        for (let k = 0; k < rank; k++) {
          product += vectors[i * rank + k]! * values[k]! * vectors[j * rank + k]!
        }
        error = Math.max(error, Math.abs(product - at(i, j)) / values[rank - 1]!)
      }
    }
    for (let i = 0; i < rank; i++) {
      for (let j = 0; j < rank; j++) {
        let inner = i === j ? -1 : 0
        for (let k = 0; k < n; k++) inner += vectors[k * rank + i]! * vectors[k * rank + j]!
        error = Math.max(error, Math.abs(inner))
      }
    }
    expect(error).toBeLessThan(vectorTolerance)
  })

  it('decomposes zeros of low rank into one direction', async () => {
    const matrices = await open()
    const zeros = new Float64Array(25)
    const { values, vectors } = await decomposeLowRank(zeros, 5, 2, matrices, () => undefined)
    expect([...values]).toEqual([0])
    expect([...vectors]).toEqual([1, 0, 0, 0, 0])
  })

  it.each([
    ['of random numbers', () => random() - 0.5, () => random() - 0.5],
    ['with nearly equal halves (Wilkinson)', (k: number) => Math.abs(k - 75), () => 1],
    ['of equal numbers', () => 2, () => -1],
    [
      'of numbers from 1 to 1e-12',
      (k: number) => 10 ** (-k / 12),
      (k: number) => 10 ** (-k / 12) / 3,
    ],
    [
      'with small and with missing links',
      (k: number) => k % 3,
      (k: number) => [0, 1e-9, 1e-17][k % 3]!,
    ],
    ['of numbers near 1e-200', () => 1e-200 * random(), () => 1e-200 * random()],
  ])('decomposes a tridiagonal matrix %s', async (__, diagonalOf, belowOf) => {
    const matrices = await open()
    for (const n of [33, 70, 151]) {
      matrices.clear()
      const diagonal = Float64Array.from({ length: n }, (___, k) => diagonalOf(k))
      const below = Float64Array.from({ length: n }, (___, k) => belowOf(k))
      const { values, rows } = await decomposeTridiagonal(
        { diagonal, below },
        n,
        matrices,
        () => undefined,
      )
      const largest = Math.max(...values.map(Math.abs))
      const at = (i: number, j: number): number =>
        i === j ? diagonal[i]! : Math.abs(i - j) === 1 ? below[Math.min(i, j)]! : 0
      const vectors = Array.from({ length: n }, (___, i) => rows.data.subarray(i * n, (i + 1) * n))
      let error = 0
      for (const [i, vector] of vectors.entries()) {
        for (let k = 0; k < n; k++) {
          let product = -values[i]! * vector[k]!
          for (let l = Math.max(0, k - 1); l < Math.min(n, k + 2); l++) {
            product += at(k, l) * vector[l]!
          }
          error = Math.max(error, Math.abs(product) / largest)
        }
        for (let j = 0; j <= i; j++) {
          let inner = i === j ? -1 : 0
          for (let k = 0; k < n; k++) inner += vector[k]! * vectors[j]![k]!
          error = Math.max(error, Math.abs(inner))
        }
      }
      expect(error).toBeLessThan(tridiagonalTolerance)
    }
  })

  it('decomposes zeros, diagonal matrices and numbers far from 1', async () => {
    const matrices = await open()
    const decompose = (numbers: readonly number[], n: number): Promise<{ values: Float64Array }> =>
      decomposeSymmetric(Float64Array.from(numbers), n, matrices, () => Promise.resolve())
    expect([...(await decompose([0, 0, 0, 0], 2)).values]).toEqual([0, 0])
    expect([...(await decompose([3, 0, 0, 0, 1, 0, 0, 0, 2], 3)).values]).toEqual([1, 2, 3])
    const { values: small } = await decompose([2e-200, 1e-200, 1e-200, 2e-200], 2)
    expect(small[0]! / 1e-200).toBeCloseTo(1)
    expect(small[1]! / 1e-200).toBeCloseTo(3)
  })
})
