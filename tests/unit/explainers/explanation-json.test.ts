import { Explanation, type NdArray } from 'gradlens'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createExplanation } from '../../../src/explanation.js'
import { expectRefusal } from '../../support/refusals.js'

const meta = {
  name: 'GradientSimilarity',
  type: ['whitebox'],
  explanations: ['local'],
  params: { simFnName: 'grad_dot', inputCount: 1 },
  version: '0.0.0',
}

const floats = (...values: number[]): NdArray => ({
  data: Float64Array.from(values),
  shape: [1, values.length],
})

describe('numbers that JSON does not have', () => {
  const explanation = createExplanation(meta, {
    scores: floats(1.5, -Infinity, Infinity, NaN),
    nonFinite: [[1, 2, 3]],
  })

  it('are the strings "NaN", "Infinity" and "-Infinity", in JSON that any parser reads', () => {
    const text = JSON.stringify(explanation)
    expect(JSON.parse(text)).toMatchObject({
      data: { scores: [[1.5, '-Infinity', 'Infinity', 'NaN']], non_finite: [[1, 2, 3]] },
    })
  })

  it('are numbers again when they are read', () => {
    const read = Explanation.fromJSON(JSON.stringify(explanation))
    expect(read.data['scores']).toEqual(explanation.data.scores)
    expect(read.data['nonFinite']).toEqual([[1, 2, 3]])
  })

  it('are read if a row has no other number', () => {
    const all = createExplanation(meta, { scores: floats(NaN, NaN) })
    expect(Explanation.fromJSON(JSON.stringify(all)).data['scores']).toEqual(floats(NaN, NaN))
  })

  it("don't change texts of the same letters", () => {
    const texts = [
      ['NaN', 'Infinity is long'],
      ['say "NaN"', '\\'],
    ]
    const named = { ...meta, params: { note: 'NaN', path: 'C:\\NaN\\"Infinity"' } }
    const original = createExplanation(named, { mostSimilar: texts, scores: floats(NaN) })
    const read = Explanation.fromJSON(JSON.stringify(original))
    expect(read.data['mostSimilar']).toEqual(texts)
    expect(read.params).toEqual(named.params)
  })
})

describe('JSON that alibi wrote', () => {
  // As Python's json.dumps writes an Explanation: bare NaN and Infinity, and spaces after colons and commas.
  const similarity =
    '{"meta": {"name": "GradientSimilarity", "type": ["whitebox"], "explanations": ["local"], "params": ' +
    '{"sim_fn_name": "grad_dot", "store_grads": false, "backend_name": "tensorflow", "task_name": "classification"}, ' +
    '"version": "0.9.4"}, "data": {"scores": [[Infinity, 0.5, -Infinity], [1.0, NaN, 2e-05]], ' +
    '"ordered_indices": [[2, 0, 1], [0, 1, 2]], "most_similar": [[[0.1, NaN]], [[0.3, 0.4]]], ' +
    '"least_similar": [[[0.1, 0.2]], [[0.3, 0.4]]]}}'
  const gradients =
    '{"meta": {"name": "IntegratedGradients", "type": ["whitebox"], "explanations": ["local"], "params": ' +
    '{"target_fn": null, "method": "gausslegendre", "n_steps": 50, "internal_batch_size": 100, "layer": null}, ' +
    '"version": "0.9.4"}, "data": {"attributions": [[[1.0, 2.0]], [[3.0, 4.0]]], "X": [[[1, 2]], [[3, 4]]], ' +
    '"forward_kwargs": {"mask": [[1.0, NaN]]}, "baselines": [[[0.0, 0.0]], [[0.0, 0.0]]], ' +
    '"predictions": [[0.25, 0.75]], "deltas": [-1e-07], "target": [1]}}'

  it('of GradientSimilarity is read, its bare NaN and Infinity included', () => {
    const { meta: readMeta, data } = Explanation.fromJSON(similarity)
    expect(readMeta).toMatchObject({
      name: 'GradientSimilarity',
      version: '0.9.4',
      params: { simFnName: 'grad_dot', backendName: 'tensorflow' },
    })
    expect(data).toEqual({
      scores: { data: Float64Array.of(Infinity, 0.5, -Infinity, 1, NaN, 2e-5), shape: [2, 3] },
      orderedIndices: { data: Int32Array.of(2, 0, 1, 0, 1, 2), shape: [2, 3] },
      mostSimilar: { data: Float64Array.of(0.1, NaN, 0.3, 0.4), shape: [2, 1, 2] },
      leastSimilar: { data: Float64Array.of(0.1, 0.2, 0.3, 0.4), shape: [2, 1, 2] },
    })
  })

  it('of IntegratedGradients with two inputs is read as two inputs', () => {
    const { data } = Explanation.fromJSON(gradients)
    const pair = (a: number[], b: number[]): NdArray[] => [floats(...a), floats(...b)]
    expect(data).toEqual({
      attributions: pair([1, 2], [3, 4]),
      x: pair([1, 2], [3, 4]),
      forwardKwargs: { mask: floats(1, NaN) },
      baselines: pair([0, 0], [0, 0]),
      predictions: floats(0.25, 0.75),
      deltas: { data: Float64Array.of(-1e-7), shape: [1] },
      target: { data: Int32Array.of(1), shape: [1] },
    })
  })

  it('of a layer’s attributions keeps x as one array', () => {
    const ofLayer = gradients
      .replace('"layer": null', '"layer": 2')
      .replace('"X": [[[1, 2]], [[3, 4]]]', '"X": [[1, 2], [3, 4]]')
    expect(Explanation.fromJSON(ofLayer).data['x']).toEqual({
      data: Float64Array.of(1, 2, 3, 4),
      shape: [2, 2],
    })
  })
})

describe('what is no explanation', () => {
  const expected = "an explanation: an object with 'meta', its 'params', and 'data'"

  it.each<[object | string, string]>([
    [{}, 'an object (Object)'],
    [[], 'an array of length 0'],
    ['3', "'3'"],
    ['null', "'null'"],
    ['{"meta": {}, "data": {}}', '\'{"meta": {}, "data": {}}\''],
    [{ meta: { params: {} }, data: [] }, 'an object (Object)'],
  ])('is refused: %o', async (json, got) => {
    await expectRefusal(() => Explanation.fromJSON(json), { argument: 'json', got, expected })
  })

  it.each(['', '{', 'meta', '{"meta": NaN NaN}'])('is refused: the text %o', async (json) => {
    await expectRefusal(() => Explanation.fromJSON(json), {
      argument: 'json',
      got: `'${json}'`,
      expected: 'the JSON text of an explanation',
    })
  })

  it('cannot change what objects are', () => {
    const hostile = '{"meta": {"params": {}}, "data": {"__proto__": {"polluted": true}}}'
    const read = Explanation.fromJSON(hostile)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
  })
})

it('reads back any numbers', () => {
  const numbers = fc.array(fc.double(), { minLength: 1, maxLength: 5 })
  const texts = fc.array(fc.string(), { maxLength: 3 })
  fc.assert(
    fc.property(numbers, texts, (values, notes) => {
      // JSON has no −0.
      const scores = floats(...values.map((value) => (Object.is(value, -0) ? 0 : value)))
      const original = createExplanation({ ...meta, params: { notes } }, { scores })
      const read = Explanation.fromJSON(JSON.stringify(original))
      expect(read.data).toEqual({ scores })
      expect(read.params).toEqual({ notes })
    }),
  )
})
