import { describe, expect, test } from 'vitest'
import { classMeans, neighboursOf } from '../../demo/neighbours.js'

const scores = Float32Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? index : -index))
const order = Int32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!)
const labels = Uint8Array.from([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 2])

describe('what a ranking shows', () => {
  test('are the five most similar digits, and the five least with the least of all first', () => {
    const predictedLabels = labels.map((label) => 9 - label)
    const { nearest, farthest } = neighboursOf({ scores, order }, predictedLabels, labels)
    expect(nearest.map(({ index }) => index)).toEqual([10, 8, 6, 4, 2])
    expect(farthest.map(({ index }) => index)).toEqual([11, 9, 7, 5, 3])
    expect(nearest[0]).toEqual({ index: 10, score: 10, trueLabel: 2, predictedLabel: 7 })
  })

  test('are the mean scores of the true labels, of the digits that were ranked alone', () => {
    const means = classMeans(scores.subarray(0, 11), labels)
    expect(means).toHaveLength(10)
    expect(means.slice(0, 4)).toEqual([
      { label: 0, count: 5, mean: 4 },
      { label: 1, count: 5, mean: -5 },
      { label: 2, count: 1, mean: 10 },
      { label: 3, count: 0, mean: 0 },
    ])
  })
})
