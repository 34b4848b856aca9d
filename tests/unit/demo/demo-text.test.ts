import { describe, expect, test } from 'vitest'
import { describeModel, describeDelta } from '../../../demo/text/facts.js'

/** The text with plain spaces and hyphens. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ').replaceAll('\u2212', '-')

describe('the sentences of the page', () => {
  test('say what the attributions add up to, and what is missing', () => {
    const attribution = {
      explanation: { meta: {}, data: {} },
      target: 1,
      method: 'gausslegendre',
      steps: 50,
      total: 0.5,
      delta: -0.0012,
      output: 0.61,
      durationMs: 1,
      device: 'wasm',
      fallbackReason: null,
    } as const
    expect(plain(describeDelta(attribution, ['a', 'b'], 'nothing'))).toBe(
      'The attributions sum to 0.5000. From nothing to this one, the probability of b goes from 0.1088 to 0.6100. ' +
        'Convergence delta -1.20×10⁻³.',
    )
  })

  test('say how large the model is and how often it is right', () => {
    const heldOut = { count: 1000, correct: 985, accuracy: 0.985, misclassified: [] }
    const training = { heldOut, training: { count: 9000 }, parameterCount: 412_778 }
    expect(plain(describeModel(training, 'digits'))).toBe(
      'The model: 412,778 parameters, trained on 9,000 digits; correct on 985 of 1,000 held-out digits (98.5 %).',
    )
  })
})
