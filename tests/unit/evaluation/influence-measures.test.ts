import { readFileSync } from 'node:fs'
import { linearDatamodelingScore, mislabelDetection } from 'gradlens/evaluation'
import { describe, expect, it } from 'vitest'
import { seededRandom, uniform } from '../../support/random.js'

/** Written by tests/peers/make_influence_measures.py with scipy. */
const golden = JSON.parse(readFileSync('tests/fixtures/influence-measures.json', 'utf8')) as {
  readonly datamodeling: readonly {
    readonly scores: number[][]
    readonly subsets: number[][]
    readonly outputs: number[][]
    readonly correlations: number[]
  }[]
  readonly detection: readonly {
    readonly suspicions: number[]
    readonly wrong: number[]
    readonly checked: number[]
    readonly area: number
    readonly found: number[]
  }[]
}

/** Sums in float64, in another order than numpy's. */
const tolerance = 12

const inOrder = (scores: number[][]): { scores: number[][]; orderedIndices: number[][] } => ({
  scores,
  orderedIndices: scores.map((row) => row.map((_, train) => train)),
})

const sorted = (scores: number[][]): { scores: number[][]; orderedIndices: number[][] } => {
  const orderedIndices = scores.map((row) =>
    row.map((_, train) => train).sort((i, j) => row[j]! - row[i]!),
  )
  return {
    scores: scores.map((row, test) => orderedIndices[test]!.map((train) => row[train]!)),
    orderedIndices,
  }
}

describe('linear datamodeling score', () => {
  it.each(golden.datamodeling)("agrees with scipy's (%#)", async (given) => {
    for (const ranking of [inOrder(given.scores), sorted(given.scores)]) {
      const result = await linearDatamodelingScore(ranking, given.subsets, given.outputs)
      expect(result.correlations.shape).toEqual([given.scores.length])
      for (const [test, correlation] of given.correlations.entries()) {
        expect(result.correlations.data[test]).toBeCloseTo(correlation, tolerance)
      }
      const mean = given.correlations.reduce((sum, one) => sum + one, 0) / given.scores.length
      expect(result.mean).toBeCloseTo(mean, tolerance)
    }
  })

  it('is 1 for outputs that are the sums of the scores, and −1 for their opposites', async () => {
    const random = seededRandom(4)
    const scores = Array.from({ length: 5 }, () => [...uniform(random, 20, [-1, 1])])
    const subsets = Array.from({ length: 7 }, () =>
      scores[0]!.map((_, train) => train).filter(() => random() < 0.5),
    )
    const sums = subsets.map((subset) =>
      scores.map((row) => subset.reduce((sum, train) => sum + row[train]!, 0)),
    )
    const opposite = sums.map((row) => row.map((sum) => -sum))
    expect(await linearDatamodelingScore(sorted(scores), subsets, sums)).toMatchObject({ mean: 1 })
    const { mean } = await linearDatamodelingScore(sorted(scores), subsets, opposite)
    expect(mean).toBe(-1)
  })

  it('leaves test examples with equal outputs out of the mean', async () => {
    const { scores, subsets, outputs, correlations } = golden.datamodeling[0]!
    const constant = outputs.map(([, ...others]) => [1, ...others])
    const result = await linearDatamodelingScore(inOrder(scores), subsets, constant)
    expect(result.correlations.data[0]).toBeNaN()
    const others = correlations.slice(1)
    const mean = others.reduce((sum, one) => sum + one, 0) / others.length
    expect(result.mean).toBeCloseTo(mean, tolerance)
  })

  const ranking = inOrder([
    [1, 2, 3],
    [4, 5, 6],
  ])
  const three = [[0], [1], [2]]
  const outputs = [
    [1, 2],
    [3, 4],
    [5, 6],
  ]
  it.each([
    [ranking, [[0], [1]], outputs, 'subsets: got an array of length 2; expected a list with'],
    [ranking, [[0], [1], [3]], outputs, 'subsets[2][0]: got 3; expected each index once, from 0'],
    [ranking, [[0], [1], [0, 1, 1]], outputs, 'subsets[2][2]: got 1 a second time'],
    [ranking, [[0], [1], [[0]]], outputs, 'subsets[2]: got shape [1, 1]; expected indices'],
    [ranking, three, [[1, 2]], 'outputs: got shape [1, 2]; expected [3, 2]: a row per retrained'],
    [
      ranking,
      three,
      [
        [1, 2],
        [3, NaN],
        [5, 6],
      ],
      'outputs: NaN at [1, 1]',
    ],
    [
      inOrder([
        [1, 2, 3],
        [4, NaN, 6],
      ]),
      three,
      outputs,
      'ranking.scores: NaN at [1, 1]',
    ],
    [{ scores: [[1]], orderedIndices: [[1]] }, three, outputs, 'ranking.orderedIndices: got 1'],
  ])('names what does not fit (%#)', async (given, subsets, measured, message) => {
    await expect(linearDatamodelingScore(given, subsets, measured)).rejects.toThrow(message)
  })
})

describe('mislabel detection', () => {
  it.each(golden.detection)("agrees with scipy's (%#)", async (given) => {
    const { suspicions, wrong, checked } = given
    const result = await mislabelDetection(suspicions, wrong, { checked })
    expect(result.area).toBeCloseTo(given.area, tolerance)
    expect(result.checked).toEqual(checked)
    for (const [i, share] of given.found.entries()) {
      expect(result.found[i]).toBeCloseTo(share, tolerance)
    }
  })

  it('checks whole examples, and does not check one more because of rounding', async () => {
    const suspicions = Float64Array.from({ length: 100 }, (_, i) => -i)
    const wrong = Uint8Array.from(suspicions, (_, i) => (i === 6 || i === 7 ? 1 : 0))
    const { found } = await mislabelDetection(suspicions, wrong, { checked: [0.07, 0.071] })
    expect(found).toEqual([0.5, 1])
  })

  it.each([
    [[1, 2], [0, 1, 1], {}, 'isMislabelled: got shape [3]; expected shape [2]'],
    [[1, 2], [0, 0], {}, 'isMislabelled: got 0 wrong labels of 2; expected both wrong and right'],
    [[1, 2], [1, 1], {}, 'isMislabelled: got 2 wrong labels of 2'],
    [[1, 2], [0, 2], {}, 'isMislabelled: got 2 at [1]; expected 0 or 1'],
    [[1, NaN], [0, 1], {}, 'suspicions: NaN at [1]'],
    [[[1], [2]], [0, 1], {}, 'suspicions: got shape [2, 1]'],
    [[1, 2], [0, 1], { checked: [0.5, 0] }, 'checked[1]: got 0; expected a share above 0'],
    [[1, 2], [0, 1], { share: 1 }, "options: got 'share'; expected only checked"],
  ])('names what does not fit (%#)', async (suspicions, wrong, options, message) => {
    await expect(mislabelDetection(suspicions, wrong, options as never)).rejects.toThrow(message)
  })
})
