import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { ensureBackend } from '../../../src/tfjs/engine/backend-registry.js'
import { runOn } from '../../../src/tfjs/engine/engine.js'
import { useDevice } from '../../support/devices/devices.js'
import { seededRandom, uniform } from '../../support/random.js'

/** Float32 sums of at most 300 products of numbers below 1. */
const tolerance = 4e-5

beforeAll(async () => {
  await useDevice('cpu')
  await ensureBackend('wasm')
})

const products = fc.record({
  countA: fc.integer({ min: 1, max: 5 }),
  countB: fc.integer({ min: 1, max: 5 }),
  rows: fc.integer({ min: 1, max: 40 }),
  inner: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 126, max: 300 })),
  columns: fc.integer({ min: 1, max: 40 }),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1e6 }),
})

it('multiplies matrices of any size, transposed or not, one by one or one by several', () => {
  fc.assert(
    fc.property(products, (sizes) => {
      const { rows, inner, columns, transposeA, transposeB, seed } = sizes
      // Either as many, or one that serves all.
      const [countA, countB] =
        sizes.countA === 1 || sizes.countB === 1
          ? [sizes.countA, sizes.countB]
          : [sizes.countA, sizes.countA]
      const random = seededRandom(seed)
      const shapeA = [countA, ...(transposeA ? [inner, rows] : [rows, inner])]
      const shapeB = [countB, ...(transposeB ? [columns, inner] : [inner, columns])]
      const [a, b] = [shapeA, shapeB].map((shape) => [
        ...uniform(random, tf.util.sizeFromShape(shape), [-1, 1]),
      ]) as [number[], number[]]
      const count = Math.max(countA, countB)
      const expected: number[] = []
      for (let n = 0; n < count; n++) {
        const ofA = (n % countA) * rows * inner
        const ofB = (n % countB) * inner * columns
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            let sum = 0
            for (let k = 0; k < inner; k++) {
              const left = a[ofA + (transposeA ? k * rows + i : i * inner + k)]!
              const right = b[ofB + (transposeB ? j * inner + k : k * columns + j)]!
              sum += left * right
            }
            expected.push(sum)
          }
        }
      }
      const actual = runOn('wasm', () => {
        const product = tf.matMul(
          tf.tensor(a, shapeA),
          tf.tensor(b, shapeB),
          transposeA,
          transposeB,
        )
        expect(product.shape).toEqual([count, rows, columns])
        return Float32Array.from(product.dataSync())
      })
      const errors = expected.map((value, k) => Math.abs(actual[k]! - value))
      expect(Math.max(...errors)).toBeLessThan(tolerance)
    }),
    { numRuns: 300, seed: 1 },
  )
})
