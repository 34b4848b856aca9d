import { Explanation } from 'gradlens'
import { describe, expect, it } from 'vitest'
import type { GivenExplanation } from '../../../src/elements/base/explanation-source.js'
import { readExplanation } from '../../../src/elements/base/source/open-explanation.js'
import { computeClassMeans } from '../../../src/elements/similar-examples/class-means.js'
import { readLabels } from '../../../src/elements/similar-examples/labels.js'
import { createSimilarityTable } from '../../../src/elements/similar-examples/similarity-table.js'
import {
  describeMeans,
  describeSimilarity,
} from '../../../src/elements/similar-examples/wording/sentence.js'
import {
  createSimilarityView,
  type SimilarityView,
  type SimilarityViewOptions,
} from '../../../src/elements/similar-examples/similarity-view.js'
import golden from '../../fixtures/alibi-golden.json' with { type: 'json' }
import {
  indicesOf,
  labelled,
  noOptions,
  viewSimilarity,
} from '../../support/elements/similarity-views.js'
import {
  exampleLabels,
  examplePredictions,
  examplePictures,
  exampleScores,
  rankingJson,
} from '../../support/gradients/ranking-fixtures.js'

describe('the ends of a ranking', () => {
  it("are alibi's, for each example that was explained", () => {
    const data = golden.gradsim.cases.grad_cos
    const json = { ...rankingJson(), data }
    for (const [index, order] of data.ordered_indices.entries()) {
      const { most, least } = viewSimilarity({ index }, json)
      expect(indicesOf(most)).toEqual(order.slice(0, 5))
      expect(indicesOf(least)).toEqual(order.slice(-5).reverse())
      expect(most.map(({ score }) => score)).toEqual(data.scores[index]!.slice(0, 5))
      expect(most.map(({ content }) => content)).toEqual(
        data.most_similar[index]!.map((cells) => ({ kind: 'row', cells })),
      )
    }
  })

  it('show the examples that the explanation carries', () => {
    const { most, least } = viewSimilarity()
    expect(most[0]?.content).toEqual({
      kind: 'image',
      pixels: { data: Float64Array.of(6 / 16, 0, 1, 0.5), shape: [2, 2] },
    })
    expect(least[0]?.content).toMatchObject({
      pixels: { data: Float64Array.of(1 / 16, 0, 1, 0.5) },
    })
  })

  it('show the given training examples instead', () => {
    const texts = exampleScores.map((_, i) => `text ${i}`)
    expect(viewSimilarity({ examples: texts }).most[0]?.content).toEqual({
      kind: 'text',
      text: 'text 6',
    })
    expect(viewSimilarity({ examples: texts, kind: 'image' }).most[0]?.content.kind).toBe('text')
    const addresses = { ...noOptions, examples: texts }
    const shown = createSimilarityView(readExplanation(rankingJson()), addresses, true)
    expect(shown.most[0]?.content).toEqual({
      kind: 'address',
      url: 'text 6',
    })
    expect(viewSimilarity({ urlTemplate: 'a/{id}.png' }).most[0]?.content).toEqual({
      kind: 'address',
      url: 'a/6.png',
    })
    const pixels = { data: Float32Array.from(examplePictures.flat(2)), shape: [12, 2, 2] }
    expect(viewSimilarity({ examples: pixels }).most[0]?.content).toMatchObject({
      kind: 'image',
      pixels: { shape: [2, 2], data: pixels.data.slice(24, 28) },
    })
    expect(viewSimilarity({ examples: pixels, kind: 'tabular' }).most[0]?.content).toMatchObject({
      kind: 'row',
      cells: [6 / 16, 0, 1, 0.5],
    })
  })

  it('never read texts of the explanation as addresses', () => {
    const json = rankingJson()
    const texts = [Array.from({ length: 5 }, () => '/leak.png')]
    const data = { ...json.data, most_similar: texts, least_similar: texts }
    const options = { ...noOptions, kind: 'image' } as const
    const shown = createSimilarityView(readExplanation({ ...json, data }), options, true)
    expect(shown.most[0]?.content).toEqual({ kind: 'text', text: '/leak.png' })
    expect(shown.least[0]?.content).toEqual({ kind: 'text', text: '/leak.png' })
  })

  it('show time series as the values of each feature, with one range for all', () => {
    const series = (first: number): number[][] => [
      [first, 5],
      [first + 1, NaN],
      [first + 2, 7],
    ]
    const examples = {
      data: Float64Array.from(exampleScores.flatMap((_, i) => series(i).flat())),
      shape: [exampleScores.length, 3, 2],
    }
    const { most, least, extents } = viewSimilarity({ examples, kind: 'series' })
    const shown = [...most, ...least].map(({ index }) => index!)
    expect(most[0]?.content).toEqual({
      kind: 'series',
      columns: [Float64Array.of(6, 7, 8), Float64Array.of(5, NaN, 7)],
    })
    expect(extents).toEqual([
      { least: Math.min(...shown), greatest: Math.max(...shown) + 2 },
      { least: 5, greatest: 7 },
    ])
    const turned = { data: examples.data.slice(0, 6), shape: [1, 2, 3] }
    const json = { ...rankingJson(), data: { scores: [[1]], ordered_indices: [[0]] } }
    const first = viewSimilarity({ examples: turned, kind: 'series', channels: 'first' }, json)
      .most[0]
    expect(first?.content).toEqual({
      kind: 'series',
      columns: [Float64Array.of(0, 5, 1), Float64Array.of(NaN, 2, 7)],
    })
  })

  it('leave out the numbers of the least similar if only the most similar were ranked', () => {
    const json = rankingJson()
    const top = {
      ...json.data,
      scores: [[4, 3]],
      ordered_indices: [[6, 4]],
    }
    const { most, least, means } = viewSimilarity(labelled, { ...json, data: top })
    expect(indicesOf(most)).toEqual([6, 4])
    expect(least).toHaveLength(5)
    expect(least[0]).toMatchObject({ index: undefined, score: undefined, label: undefined })
    expect(least[0]?.content.kind).toBe('image')
    expect(means).toEqual([])
  })

  it("have scores that aren't finite after all others, at both ends", () => {
    const scores = [NaN, 1, 2]
    const json = rankingJson(scores, { examples: null })
    const data = {
      scores: [[2, 1, 'NaN']],
      ordered_indices: [[2, 1, 0]],
      most_similar: [[[2], [1], [0]]],
      least_similar: [[[1], [2], [0]]],
      non_finite: [[0]],
    }
    const { most, least, scale } = viewSimilarity({}, { ...json, data })
    expect(indicesOf(most)).toEqual([2, 1, 0])
    expect(indicesOf(least)).toEqual([1, 2, 0])
    expect(scale).toEqual({ min: 0, max: 2 })
  })

  it('leave out the explained example, and list another one in its place', () => {
    const examples = exampleScores.map((_, i) => `text ${i}`)
    for (const explainedIndex of exampleScores.keys()) {
      const { most, least } = viewSimilarity({ examples, explainedIndex })
      const expected = (order: number[]): number[] =>
        order.filter((index) => index !== explainedIndex).slice(0, 5)
      const order = [...exampleScores.keys()].sort((a, b) => exampleScores[b]! - exampleScores[a]!)
      expect(indicesOf(most)).toEqual(expected(order))
      expect(indicesOf(least)).toEqual(expected(order.toReversed()))
      expect(most[0]?.content).toEqual({ kind: 'text', text: `text ${most[0]!.index}` })
      // The explanation alone contains no other example to show in its place.
      const carried = viewSimilarity({ explainedIndex }).most
      expect(indicesOf(carried)).toEqual(
        order.slice(0, 5).filter((index) => index !== explainedIndex),
      )
      expect(carried.every(({ content }) => content.kind === 'image')).toBe(true)
    }
  })

  it("refuse explanations without a ranking, and examples that weren't explained", () => {
    const attribution: GivenExplanation = { meta: { name: 'Gradient' }, data: {} }
    expect(() => createSimilarityView(attribution, noOptions)).toThrow(
      'scores of the explanation by Gradient: got none; expected a ranking of training examples',
    )
    expect(() => viewSimilarity({ index: 1 })).toThrow('index: got 1; expected 0 … 0.')
  })
})

describe('labels', () => {
  it('are indices, names, values, one-hot rows or an array of them', () => {
    expect(readLabels('l', [0, 2])).toEqual([0, 2])
    expect(readLabels('l', ['a', 'b'])).toEqual(['a', 'b'])
    expect(readLabels('l', Uint8Array.of(3, 1))).toEqual(Uint8Array.of(3, 1))
    expect(
      readLabels('l', [
        [0, 0, 1],
        [0.2, 0.5, 0.3],
      ]),
    ).toEqual([2, 1])
    expect(readLabels('l', { data: Float32Array.of(0, 1, 1, 0), shape: [2, 2] })).toEqual([1, 0])
    expect(readLabels('l', { data: Float32Array.of(17.5, 9), shape: [2, 1] })).toEqual(
      Float32Array.of(17.5, 9),
    )
    expect(() => readLabels('l', [{}] as unknown as string[])).toThrow('l[0]: got an object')
  })

  describe('that may be wrong', () => {
    const cosines = rankingJson(
      exampleScores.map((score) => 0.5 + score / 8),
      { params: { sim_fn_name: 'grad_cos' } },
    )
    const suspects = (
      options: Partial<SimilarityViewOptions>,
      explanation: unknown = cosines,
    ): unknown =>
      viewSimilarity(options, explanation)
        .most.filter(({ isSuspect }) => isSuspect)
        .map(({ index }) => index)

    it('are marked if all other neighbours by cosine agree on another class', () => {
      expect(suspects(labelled)).toEqual([2])
      expect(viewSimilarity(labelled, cosines).least.some(({ isSuspect }) => isSuspect)).toBe(false)
    })

    it('are not marked by other similarities, which favour large gradients', () => {
      expect(suspects(labelled, rankingJson())).toEqual([])
    })

    it("aren't marked if the model agrees with the label", () => {
      expect(suspects({ ...labelled, trainPredictions: exampleLabels })).toEqual([])
      const corrected = exampleLabels.map((label, i) => (i === 2 ? 1 : label))
      expect(suspects({ ...labelled, trainPredictions: corrected })).toEqual([2])
    })

    it("aren't marked if the others disagree, are few, or are far", () => {
      const twoOfAnother = exampleLabels.map((label, i) => (i === 10 ? 2 : label))
      expect(suspects({ trainLabels: twoOfAnother })).toEqual([])
      const few = { ...cosines, data: { ...cosines.data, most_similar: [[[6], [4], [2]]] } }
      expect(suspects({ trainLabels: [0, 2, 0, 0, 1, 2, 1] }, few)).toEqual([])
      const far = rankingJson(
        exampleScores.map((score) => score / 8),
        { params: { sim_fn_name: 'grad_cos' } },
      )
      expect(suspects(labelled, far)).toEqual([])
    })

    it('are compared by their names', () => {
      const names = ['zero', 'one', 'two']
      const trainLabels = exampleLabels.map((label) => names[label]!)
      const trainPredictions = exampleLabels.map((label, i) => (i === 2 ? 1 : label))
      expect(suspects({ trainLabels, trainPredictions, labels: names })).toEqual([2])
    })
  })

  it('of a regression are values, and never suspect', () => {
    const json = rankingJson(exampleScores, { params: { task_name: 'regression' } })
    const { areClasses, means, most } = viewSimilarity(labelled, json)
    expect({ areClasses, means }).toEqual({ areClasses: false, means: [] })
    expect(most.some(({ isSuspect }) => isSuspect)).toBe(false)
  })
})

describe('the mean score of each class', () => {
  it('is that of all training examples with its label', () => {
    expect(viewSimilarity(labelled).means).toEqual([
      { label: 0, count: 4, mean: (0.5 + 1.5 + 0.25 + 0) / 4 },
      { label: 1, count: 4, mean: (3 + 4 + 2 + 1) / 4 },
      { label: 2, count: 4, mean: (-2 - 0.5 - 1 - 1.5) / 4 },
    ])
  })

  it('is that of the other training examples with its label if one of them is explained', () => {
    expect(viewSimilarity({ ...labelled, explainedIndex: 6 }).means).toEqual([
      { label: 0, count: 4, mean: (0.5 + 1.5 + 0.25 + 0) / 4 },
      { label: 1, count: 3, mean: (3 + 2 + 1) / 3 },
      { label: 2, count: 4, mean: (-2 - 0.5 - 1 - 1.5) / 4 },
    ])
  })

  it('is empty without labels, even if the classes have names', () => {
    expect(viewSimilarity({ labels: ['zero', 'one', 'two'] }).means).toEqual([])
    const scored = viewSimilarity({ ...labelled, trainLabels: [] })
    expect(scored.means).toEqual([])
  })

  it('has a place for a class without examples, and for labels without a name', () => {
    const means = computeClassMeans([2, NaN], [0, 1], ['other', 'a'], ['a', 'b'], null)
    expect(means).toEqual([
      { label: 0, count: 0, mean: NaN },
      { label: 1, count: 0, mean: NaN },
      { label: 'other', count: 1, mean: 2 },
    ])
  })
})

describe('the sentences', () => {
  it('count the labels, and name the one to check', () => {
    const cosines = rankingJson(
      exampleScores.map((score) => 0.5 + score / 8),
      { params: { sim_fn_name: 'grad_cos' } },
    )
    const predictions = examplePredictions.map((label, i) => (i === 2 ? 1 : label))
    expect(
      describeSimilarity(viewSimilarity({ ...labelled, trainPredictions: predictions }, cosines)),
    ).toContain(
      'No. 2 is labelled 0, unlike the others, which are labelled 1: check its label. The model gets two of them wrong.',
    )
    expect(
      describeSimilarity(viewSimilarity({ ...labelled, trainPredictions: examplePredictions })),
    ).toBe(
      'The model says 1: the five most similar training examples are labelled 1 (four) and 0 (one). ' +
        'The model gets one of them wrong. ' +
        'The least similar are labelled 2 (four) and 0 (one). The first four of them count against 1.',
    )
    expect(describeMeans(viewSimilarity(labelled))).toBe(
      'On average, training examples labelled 1 score highest (2.50) and those labelled 2 lowest (−1.25).',
    )
  })

  it('state the range of the values of a regression', () => {
    const json = rankingJson(exampleScores, { params: { task_name: 'regression' } })
    const values = exampleScores.map((_, i) => 10 + i / 2)
    expect(
      describeSimilarity(viewSimilarity({ trainLabels: values, predicted: 12.25 }, json)),
    ).toBe(
      'The five most similar training examples are labelled 11.0 to 15.0. ' +
        'The least similar are labelled 10.5 to 15.5. The first four of them have negative scores.',
    )
  })

  it('distinguish cosines that differ by less than a hundredth', () => {
    const cosines = [0.99871, 0.99843, 0.99801, 0.99799, 0.9975, 0.9, 0.5, 0.2, 0, -0.1]
    const { rows } = createSimilarityTable(viewSimilarity({}, rankingJson(cosines)))
    const shown = rows.slice(0, 5).map((cells) => cells[2])
    expect(shown).toEqual(['0.99871', '0.99843', '0.99801', '0.99799', '0.99750'])
    expect(describeSimilarity(viewSimilarity({}, rankingJson(cosines)))).toContain(
      'score 0.99871 to 0.99750.',
    )
  })

  it('name the examples that have names, in the words for them', () => {
    const named = {
      ...noOptions,
      trainNames: exampleScores.map((_, i) => `photo ${i}`),
      nouns: ['photo', 'photos'],
    }
    expect(describeSimilarity(viewSimilarity({ ...named, predicted: 'a cat' }))).toBe(
      'The model says a cat: the most similar photo is photo 6 (4.00), then photo 4 (3.00). ' +
        'The least similar are photo 1, photo 11, photo 9, photo 5 and photo 7. ' +
        'The first four of them count against a cat.',
    )
    const { caption, columns, rows } = createSimilarityTable(viewSimilarity(named))
    expect(caption).toBe('Photos: most similar, least similar')
    expect(columns[1]).toBe('photo')
    expect(rows[0]).toEqual(['most similar, 1', 'photo 6', '4.00', '', ''])
    const labels = { ...named, trainLabels: exampleLabels }
    expect(describeMeans(viewSimilarity(labels))).toContain(
      'On average, photos labelled 1 score highest',
    )
    expect(() => viewSimilarity({ nouns: ['photo'] })).toThrow(
      'nouns: got an array of length 1; expected the word for one example and the word for several',
    )
  })

  it('state the scores if the examples have no labels', () => {
    expect(describeSimilarity(viewSimilarity())).toBe(
      'The five most similar training examples score 4.00 to 1.00. ' +
        'The first four of them count against the prediction.',
    )
  })
})

it('reads an Explanation and its JSON alike', () => {
  const json = rankingJson()
  const fromText = viewSimilarity(labelled, JSON.stringify(json))
  const fromExplanation = viewSimilarity(labelled, Explanation.fromJSON(json))
  const plain = (shown: SimilarityView): unknown => JSON.parse(JSON.stringify(shown))
  expect(plain(fromText)).toEqual(plain(fromExplanation))
  expect(plain(fromText)).toEqual(plain(viewSimilarity(labelled, json)))
})
