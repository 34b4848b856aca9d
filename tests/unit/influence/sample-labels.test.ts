import type { Loss } from 'gradlens'
import { describe, expect, it } from 'vitest'
import { sampleLabels } from '../../../src/influence/curvatures/sample-labels.js'
import { readLoss } from '../../../src/losses/loss.js'
import type { Labels } from '../../../src/losses/labels.js'
import type { NdArray } from '../../../src/ndarray.js'

/** Shares of 4000 draws: 4 standard deviations. */
const tolerance = 4 / Math.sqrt(4000)

const count = 4000

const repeated = (row: readonly number[]): Float32Array =>
  Float32Array.from({ length: count * row.length }, (_, k) => row[k % row.length]!)

const labelsOf = (...shape: number[]): Labels => ({
  data: new Float32Array(shape.reduce((size, length) => size * length, 1)),
  shape,
  factors: undefined,
})

function sample(loss: Loss<NdArray>, outputs: readonly number[], labels: Labels, seed = 0): Labels {
  const predictions = { data: repeated(outputs), shape: [count, outputs.length] }
  return sampleLabels(readLoss(loss), predictions, labels, 0, seed)
}

const meanOf = (numbers: ArrayLike<number>): number =>
  Array.from(numbers).reduce((sum, value) => sum + value, 0) / numbers.length

describe('sampled labels', () => {
  it.each([
    ['sparseCategoricalCrossentropy', [0.2, 0.5, 0.3]],
    ['sparseCategoricalCrossentropyFromLogits', [0.2, 0.5, 0.3].map(Math.log)],
  ] as const)('have the predicted shares of classes for %s', (loss, outputs) => {
    const { data } = sample(loss, outputs, labelsOf(count))
    for (const [k, share] of [0.2, 0.5, 0.3].entries()) {
      expect(Math.abs(meanOf(data.map((label) => (label === k ? 1 : 0))) - share)).toBeLessThan(
        tolerance,
      )
    }
  })

  it.each(['categoricalCrossentropy', 'kullbackLeiblerDivergence'] as const)(
    'are one-hot rows for %s',
    (loss) => {
      const { data, factors } = sample(loss, [0.1, 0.9], labelsOf(count, 2))
      const seconds = data.filter((_, k) => k % 2 === 1)
      expect(Math.abs(meanOf(seconds) - 0.9)).toBeLessThan(tolerance)
      expect(new Set(data.map((label, k) => label + data[k ^ 1]!))).toEqual(new Set([1]))
      expect([...new Set(factors!.data)]).toEqual([1])
    },
  )

  it('are bits for a binary cross-entropy, whose mean over k outputs has the factor √k', () => {
    const { data, factors } = sample('binaryCrossentropy', [0.3, 0.8], labelsOf(count, 2))
    expect(Math.abs(meanOf(data.filter((_, k) => k % 2 === 0)) - 0.3)).toBeLessThan(tolerance)
    expect(Math.abs(meanOf(data.filter((_, k) => k % 2 === 1)) - 0.8)).toBeLessThan(tolerance)
    expect([...new Set(factors!.data)]).toEqual([Math.fround(Math.SQRT2)])
  })

  it('are normal around the output with variance ½ for the squared error', () => {
    const { data } = sample('meanSquaredError', [3], labelsOf(count, 1))
    expect(Math.abs(meanOf(data) - 3)).toBeLessThan(tolerance)
    expect(Math.abs(meanOf(data.map((label) => (label - 3) ** 2)) - 0.5)).toBeLessThan(tolerance)
  })

  it('have the roots of the factors, and no label where the factor is 0', () => {
    const labels: Labels = {
      data: new Float32Array(6),
      shape: [2, 3],
      factors: { data: Float32Array.of(0.25, 0, 1, 0, 0.5, 0.5), shape: [2, 3] },
    }
    const predictions = { data: repeated([0, 1]).subarray(0, 12), shape: [2, 3, 2] }
    const loss = readLoss('sparseCategoricalCrossentropy')
    const { data, factors } = sampleLabels(loss, predictions, labels, 0, 0)
    expect([...data]).toEqual([1, 0, 1, 0, 1, 1])
    expect([...factors!.data]).toEqual(
      [0.25, 0, 1, 0, 0.5, 0.5].map((w) => Math.fround(Math.sqrt(w))),
    )
  })

  it('depend on the seed and the number of the example, not on the batch', () => {
    const loss = readLoss('sparseCategoricalCrossentropy')
    const row = (first: number, size: number, seed: number): Labels =>
      sampleLabels(
        loss,
        { data: repeated([0.3, 0.3, 0.4]).subarray(0, 3 * size), shape: [size, 3] },
        labelsOf(size),
        first,
        seed,
      )
    const all = row(0, 40, 3)
    expect([...row(25, 15, 3).data]).toEqual([...all.data.subarray(25)])
    expect([...row(0, 40, 4).data]).not.toEqual([...all.data])
  })

  it.each(['hinge', 'huber', 'meanAbsoluteError', 'binaryFocalCrossentropy'] as const)(
    'are refused for %s, which has no distribution',
    (loss) => {
      expect(() => sample(loss, [0.5], labelsOf(count, 1))).toThrow(
        `fisher 'true' draws labels from the distribution that the model predicts, and '${loss}' has none. Set ` +
          "fisher: 'empirical'",
      )
    },
  )

  it('are refused for a loss function', () => {
    expect(() => sample((y) => y, [0.5], labelsOf(count, 1))).toThrow('a loss function has none')
  })
})
