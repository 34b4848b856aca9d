import { type Inputs, IntegratedGradients } from 'gradlens'
import { describe, expect, it } from 'vitest'
import { expectRefusal } from '../support/refusals.js'
import { twoInputClassifier } from '../support/models/small-nets.js'

const picture = [
  [
    [1, 2],
    [3, 4],
  ],
]

describe('inputs by name', () => {
  it.each<[Inputs, string, string, string]>([
    [
      { input0: picture, picture: [[1, 2, 3]] },
      'x',
      "'picture', which is not the name of an input here",
      "arrays by the names of the inputs: 'input0', 'input1'",
    ],
    [
      { input0: picture },
      'x',
      "no array for 'input1'",
      "an array for each input: 'input0', 'input1'",
    ],
    [
      { input0: picture, input1: [[1, 2]] },
      'x.input1',
      'shape [1, 2]',
      "shape [examples, 3] for model input 'input1'",
    ],
  ])('by name refuses %o', async (x, argument, got, expected) => {
    using explainer = new IntegratedGradients(twoInputClassifier(), { device: 'cpu' })
    await expectRefusal(() => explainer.explain(x, { target: 0 }), { argument, got, expected })
  })

  it.each<[unknown, string, string, string]>([
    [
      { input2: 0 },
      'baselines',
      "'input2', which is not the name of an input here",
      "arrays by the names of the inputs: 'input0', 'input1'",
    ],
    [
      { input1: 'black' },
      'baselines.input1',
      "'black'",
      'a number, a typed array, nested lists of these, { data, shape } or a tensor',
    ],
    [
      { input1: [[1, 2]] },
      'baselines.input1',
      'shape [1, 2]',
      'a number, shape [1, 3] as x, or [3] as one example',
    ],
  ])('refuses baselines by name %o', async (baselines, argument, got, expected) => {
    using explainer = new IntegratedGradients(twoInputClassifier(), { device: 'cpu' })
    const explain = (): unknown =>
      explainer.explain([picture, [[1, 2, 3]]], { target: 0, baselines: baselines as never })
    await expectRefusal(explain, { argument, got, expected })
  })

  it('has the same explanation for arrays by name, in any order', async () => {
    using explainer = new IntegratedGradients(twoInputClassifier(), { device: 'cpu' })
    const listed = await explainer.explain([picture, [[1, 2, 3]]], {
      target: 0,
      baselines: [null, 0.5],
    })
    const named = await explainer.explain(
      { input1: [[1, 2, 3]], input0: picture },
      { target: 0, baselines: { input1: 0.5 } },
    )
    expect(named.data).toEqual(listed.data)
    expect(named.attribution('input1')).toBe(named.attributions[1])
    expect(() => named.attribution('input2')).toThrow(
      "attribution: got 'input2'; expected one of 'input0', 'input1'.",
    )
  })
})
