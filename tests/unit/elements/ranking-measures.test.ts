import type { ExplanationJson } from 'gradlens'
import { describe, expect, it } from 'vitest'
import { describeSimilarity } from '../../../src/elements/similar-examples/wording/sentence.js'
import { createSimilarityTable } from '../../../src/elements/similar-examples/similarity-table.js'
import type { Suspects } from '../../../src/elements/similar-examples/suspects.js'
import { indicesOf, labelled, viewSimilarity } from '../../support/elements/similarity-views.js'
import {
  examplePredictions,
  exampleScores,
  rankingJson,
} from '../../support/gradients/ranking-fixtures.js'

const rankingOrder = [...exampleScores.keys()].sort(
  (a, b) => exampleScores[b]! - exampleScores[a]! || a - b,
)

describe('other rankings than similarity', () => {
  const named = (name: string, data: object, params: object = {}): ExplanationJson => ({
    meta: { ...rankingJson().meta, name, params },
    data: { ...data },
  })
  const ownScores = { scores: exampleScores, ordered_indices: rankingOrder }

  it.each(['InfluenceFunctions', 'TracIn'])('are called influences if %s is', (name) => {
    const shown = viewSimilarity(labelled, named(name, rankingJson().data))
    expect(shown.measure.titles).toEqual({ most: 'Highest influence', least: 'Lowest influence' })
    expect(describeSimilarity(shown)).toBe(
      'The model says 1: the five training examples with the highest influence are labelled 1 (four) and 0 (one). ' +
        'Those with the lowest influence are labelled 2 (four) and 0 (one). The first four of them count against 1.',
    )
    const [first] = createSimilarityTable(shown).rows
    expect(first?.slice(0, 2)).toEqual(['highest influence, 1', '6'])
  })

  it('explain what influence means for a regression', () => {
    const json = named('InfluenceFunctions', rankingJson().data, { task_name: 'regression' })
    expect(viewSimilarity({}, json).measure.meaning).toContain('further from the value')
    expect(viewSimilarity({}, named('TracIn', rankingJson().data)).measure.meaning).toContain(
      'less sure',
    )
  })

  it('of training examples alone have each score at its own index', () => {
    for (const index of [0, 3]) {
      const shown = viewSimilarity(
        { ...labelled, index },
        named('GradientSimilarity.selfInfluence', ownScores),
      )
      expect(indicesOf(shown.most)).toEqual(rankingOrder.slice(0, 5))
      expect(shown.most.map(({ score }) => score)).toEqual(
        rankingOrder.slice(0, 5).map((train) => exampleScores[train]),
      )
      expect(shown.means).toEqual([])
      expect(describeSimilarity(shown)).toBe(
        'The five training examples with the highest self-influence are labelled 1 (four) and 0 (one). ' +
          'Those with the lowest self-influence are labelled 2 (four) and 0 (one).',
      )
    }
  })

  it('leave out scores that are not finite, which are last in the order', () => {
    const scores = [NaN, 2, 3]
    const data = { scores, ordered_indices: [2, 1, 0], non_finite: [0] }
    const shown = viewSimilarity({ count: 2 }, named('TracIn.selfInfluence', data))
    expect(indicesOf(shown.most)).toEqual([2, 1])
    expect(indicesOf(shown.least)).toEqual([1, 2])
  })

  it('show the requested number of examples at each end', () => {
    for (const count of [1, 3, 40]) {
      const shown = viewSimilarity({ count })
      const expected = Math.min(count, exampleScores.length)
      expect([shown.most.length, shown.least.length]).toEqual([expected, expected])
      expect(indicesOf(shown.most)).toEqual(rankingOrder.slice(0, expected))
    }
  })

  it('name the labels to check once, in the title', () => {
    const shown = viewSimilarity(
      { ...labelled, trainSuspects: [6, 4] },
      named('rankSuspectLabels', ownScores),
    )
    expect(shown.most.map(({ isSuspect }) => isSuspect)).toEqual([true, true, false, false, false])
    expect(shown.least).toEqual([])
    expect(describeSimilarity(shown)).toBe(
      'The five training examples with the most suspect labels are labelled 1 (four) and 0 (one).',
    )
  })
})

describe('labels that the page knows to be suspect', () => {
  const cosines = rankingJson(
    exampleScores.map((score) => 0.5 + score / 8),
    { params: { sim_fn_name: 'grad_cos' } },
  )
  const predictions = examplePredictions.map((label, i) => (i === 2 ? 1 : label))
  const suspects = (given: Suspects): unknown[] => {
    const { most, least } = viewSimilarity(
      { ...labelled, trainPredictions: predictions, trainSuspects: given },
      cosines,
    )
    return [...most, ...least].filter(({ isSuspect }) => isSuspect).map(({ index }) => index)
  }

  it('are marked at both ends, and no others', () => {
    expect(suspects(null)).toEqual([2])
    expect(suspects([])).toEqual([])
    expect(suspects([8, 1, 99])).toEqual([8, 1])
    expect(suspects({ data: Int32Array.of(4), shape: [1] })).toEqual([4])
    expect(suspects(Int32Array.of(6))).toEqual([6])
  })

  it('are named in the sentence', () => {
    expect(
      describeSimilarity(viewSimilarity({ ...labelled, trainSuspects: [8, 10, 1] })),
    ).toContain('Check the labels of no. 8 and no. 10.')
    expect(describeSimilarity(viewSimilarity({ ...labelled, trainSuspects: [8] }))).toContain(
      'Check the label of no. 8.',
    )
    const trainNames = exampleScores.map((_, i) => `car ${i}`)
    expect(
      describeSimilarity(viewSimilarity({ ...labelled, trainNames, trainSuspects: [8] })),
    ).toContain('Check the label of car 8.')
  })

  it('are a list of indices', () => {
    expect(() => viewSimilarity({ trainSuspects: 3 as never })).toThrow(
      'trainSuspects: got 3; expected the',
    )
  })
})
