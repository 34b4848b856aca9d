import { describe, expect, test } from 'vitest'
import {
  formatBytes,
  formatDuration,
  formatPercent,
  formatSeconds,
  formatTablePercent,
  sharedNotation,
} from '../../demo/text/format.js'
import { modelFacts, probabilityDelta } from '../../demo/text/facts.js'

/** The page's narrow spaces as plain ones. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ').replaceAll('\u2212', '-')

describe('numbers on the page', () => {
  test.each([
    [0, '0.0 %', '0.0 %'],
    [0.0004, '< 0.1 %', '< 0.1 %'],
    [0.0512, '5.1 %', '5.1 %'],
    [0.6149, '61 %', '61.5 %'],
    [0.9995, '> 99.9 %', '100.0 %'],
    [1, '100 %', '100.0 %'],
  ])('show the probability %d', (probability, inSentence, inTable) => {
    expect(plain(formatPercent(probability))).toBe(inSentence)
    expect(plain(formatTablePercent(probability))).toBe(inTable)
  })

  test.each([
    [0.4, '< 1 ms'],
    [85.4, '85 ms'],
    [1234, '1.2 s'],
    [999.7, '1.0 s'],
    [9960, '10 s'],
    [59_600, '1 min 0 s'],
    [67_000, '1 min 7 s'],
    [119_700, '2 min 0 s'],
  ])('show %d milliseconds', (milliseconds, text) => {
    expect(plain(formatDuration(milliseconds))).toBe(text)
  })

  test('show what is left in whole seconds', () => {
    expect(plain(formatSeconds(20))).toBe('1 s')
    expect(plain(formatSeconds(17_600))).toBe('18 s')
    expect(plain(formatSeconds(90_000))).toBe('1 min 30 s')
  })

  test('show bytes in the unit that fits', () => {
    expect([999, 436_000, 4_400_000, 44_000_000].map((bytes) => plain(formatBytes(bytes)))).toEqual(
      ['999 B', '436 kB', '4.4 MB', '44 MB'],
    )
  })

  test('that stand together have one notation, three digits for the greatest', () => {
    const format = sharedNotation([184, -2.5, 0.01])
    expect([184, -2.5, 0.01, -0.01].map((value) => plain(format(value)))).toEqual([
      '184',
      '-3',
      '0',
      '0',
    ])
    const small = sharedNotation([3.14159e-5, -2e-6])
    expect(plain(small(3.14159e-5))).toBe('3.14×10⁻⁵')
    expect(plain(small(-2e-6))).toBe('-0.20×10⁻⁵')
    expect(sharedNotation([0])(0)).toBe('0.00')
  })
})

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
    expect(plain(probabilityDelta(attribution, ['a', 'b'], 'nothing'))).toBe(
      'It adds up to 0.5000; from nothing to this one the probability of b goes from 0.1088 to 0.6100. ' +
        'Convergence delta -1.20×10⁻³.',
    )
  })

  test('say how large the model is and how often it is right', () => {
    const heldOut = { count: 1000, correct: 985, accuracy: 0.985, misclassified: [] }
    const training = { heldOut, training: { count: 9000 }, parameterCount: 412_778 }
    expect(plain(modelFacts(training, 'digits'))).toBe(
      'The model: 412,778 parameters, trained on 9,000 digits; right on 985 of 1,000 held-out ones (98.5 %).',
    )
  })
})
