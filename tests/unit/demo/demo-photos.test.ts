import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toProbabilities } from '../../../demo/explaining/probabilities.js'

/** Float32 has 24 bits for each probability. */
const tolerance = 1e-6

test('logits become probabilities, also large ones, and for each example alone', () => {
  const logit = fc.double({ min: -200, max: 200, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(fc.array(logit, { minLength: 3, maxLength: 3 }), { minLength: 1 }),
      (rows) => {
        const data = Float32Array.from(rows.flat())
        const { data: probabilities, shape } = toProbabilities({ data, shape: [rows.length, 3] })
        expect(shape).toEqual([rows.length, 3])
        probabilities.forEach((probability, at) => {
          const example = data.subarray(at - (at % 3), at - (at % 3) + 3)
          // 1 / Σ exp(zⱼ − zₖ), which needs no greatest logit.
          const sum = [...example].reduce((total, z) => total + Math.exp(z - data[at]!), 0)
          expect(Math.abs(probability - 1 / sum)).toBeLessThan(tolerance)
        })
      },
    ),
  )
})
