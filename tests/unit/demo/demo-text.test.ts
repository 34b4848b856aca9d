import { describe, expect, test } from 'vitest'
import { describeDelta, describeModel, describeStore } from '../../../demo/text/facts.js'

/** The text with plain spaces and hyphens. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ').replaceAll('\u2212', '-')

describe('the sentences of the page', () => {
  test('state what the attributions add up to, and what is missing', () => {
    const data = {
      attributions: [{ data: Float32Array.of(0.75, -0.25), shape: [1, 2] }],
      deltas: { data: Float32Array.of(-0.0012), shape: [1] },
      predictions: { data: Float32Array.of(0.39, 0.61), shape: [1, 2] },
      target: [1],
    }
    const words = {
      baseline: 'nothing',
      output: (target: number) => `the probability of ${['a', 'b'][target]!}`,
      unit: '',
      decimals: 4,
    }
    expect(plain(describeDelta({ data }, words))).toBe(
      'The attributions sum to 0.5000. From nothing to this one, the probability of b goes from 0.1088 to 0.6100. ' +
        'Convergence delta -1.20×10⁻³.',
    )
  })

  test('state where the gradients come from, and how exact they are', () => {
    const fit = { predictions: Float32Array.of(1), stored: null, storeFailure: null }
    expect(describeStore(fit, 'grad_cos', 'training digits')).toBe(
      'The gradients of the training digits were computed in this page, and the scores are exact.',
    )
    const failed = describeStore(
      { ...fit, storeFailure: 'no file.' },
      'grad_cos',
      'training digits',
    )
    expect(failed).toContain('The stored gradients could not be used: no file.')
    const of = (recall: number): { recall: number } => ({ recall })
    const stored = {
      byteLength: 1_200_000,
      projection: { size: 512 },
      exactNumbersPerRow: 10_900,
      measured: {
        topK: 10,
        similarities: { grad_cos: of(0.9), grad_dot: of(0.8), grad_asym_dot: of(0.7) },
      },
    }
    expect(plain(describeStore({ ...fit, stored }, 'grad_dot', 'training digits'))).toBe(
      'The gradients of the training digits are stored with this page (1.2 MB), projected from 10,900 to 512 numbers ' +
        'each, so the scores are estimates: they find 80.0 % of the 10 most similar training digits by exact gradients.',
    )
  })

  test('state how large the model is and how often it is right', () => {
    const heldOut = { count: 1000, correct: 985, accuracy: 0.985, misclassified: [] }
    const training = { heldOut, training: { count: 9000 }, parameterCount: 412_778 }
    expect(plain(describeModel(training, 'digits'))).toBe(
      'The model: 412,778 parameters, trained on 9,000 digits; correct on 985 of 1,000 held-out digits (98.5 %).',
    )
  })
})
