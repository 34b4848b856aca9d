import { describe, expect, test } from 'vitest'
import {
  answerCaption,
  attributionCaption,
  deltaText,
  farthestCaption,
  meansCaption,
  nearestCaption,
} from '../../demo/text/captions.js'
import type { Neighbour } from '../../demo/neighbours.js'
import {
  formatBytes,
  formatDuration,
  formatPercent,
  formatSeconds,
  formatTablePercent,
  sharedNotation,
} from '../../demo/text/format.js'
import type { SignedMap } from '../../demo/signed-map.js'

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

const neighbour = (trueLabel: number, score = 1, predictedLabel = trueLabel): Neighbour => ({
  index: 0,
  score,
  trueLabel,
  predictedLabel,
})

describe('the sentences under the pictures', () => {
  const input = { data: new Float32Array(), shape: [1, 0] }
  const outputs = new Float32Array([0, 0, 0, 0.3, 0, 0, 0, 0, 0.61, 0.09])
  const prediction = { outputs, label: 8, device: 'wasm', fallbackReason: null } as const

  test('say what the model answers, and whether it is right', () => {
    const caption = (truth: number | undefined): string =>
      plain(answerCaption({ question: { input, truth }, prediction }))
    expect(caption(undefined)).toBe('The model says 8 (61 %); next comes 3 (30 %).')
    expect(caption(8)).toContain('It is right.')
    expect(caption(3)).toContain('It is wrong: the digit is labelled 3.')
  })

  const attribution = (values: Readonly<Record<number, number>>): SignedMap => {
    const attributions = new Float32Array(28 * 28)
    for (const [offset, value] of Object.entries(values)) attributions[Number(offset)] = value
    return { attributions, target: 8, delta: -0.0012, targetProbability: 0.61 }
  }
  const upperLeft = 5 * 28 + 5
  const lowerRight = 22 * 28 + 22

  test('say where on the map most speaks for the class and against it', () => {
    expect(attributionCaption(attribution({ [upperLeft]: 1, [lowerRight]: -0.5 }))).toBe(
      'What speaks most for 8 lies in the upper left; what speaks most against it, in the lower right.',
    )
    expect(attributionCaption(attribution({ [upperLeft]: 1, [upperLeft + 1]: -0.5 }))).toBe(
      'What speaks most for 8 lies in the upper left, and so does what speaks most against it.',
    )
    expect(attributionCaption(attribution({ [upperLeft]: 1 }))).toBe(
      'What speaks most for 8 lies in the upper left; hardly anything speaks against it.',
    )
    expect(attributionCaption(attribution({ [lowerRight]: -1 }))).toBe(
      'Hardly anything speaks for 8; what speaks most against it lies in the lower right.',
    )
    expect(attributionCaption(attribution({}))).toBe('No pixel speaks for or against 8.')
  })

  test('say what the map adds up to, and what is missing', () => {
    expect(plain(deltaText(attribution({ [upperLeft]: 0.5 })))).toBe(
      'The map adds up to 0.5000; from an empty image to this digit the probability of 8 goes from ' +
        '0.1088 to 0.6100. Convergence delta -1.20×10⁻³.',
    )
  })

  test('count the labels of the nearest digits, and the mistakes among them', () => {
    const eights = [8, 8, 8].map((label) => neighbour(label))
    expect(nearestCaption([...eights, neighbour(8), neighbour(8)], 8)).toBe(
      'The five training digits that speak most for the answer 8 are all 8s.',
    )
    expect(nearestCaption([neighbour(3), ...eights, neighbour(5, 1, 8)], 8)).toBe(
      'The five training digits that speak most for the answer 8 are three 8s, a 3 and a 5. ' +
        'The model gets one of them wrong.',
    )
  })

  test('say how many of the farthest digits speak against the answer', () => {
    const five = (scores: readonly number[]): Neighbour[] =>
      scores.map((score) => neighbour(8, score))
    const caption = (scores: readonly number[]): string => farthestCaption(five(scores), 3)
    expect(caption([-3, -2, -2, -1, -1])).toContain('learning them makes the model less sure of 3.')
    expect(caption([-3, -2, 0, 1, 1])).toContain('learning the first two makes')
    expect(caption([-3, 0, 0, 1, 1])).toContain('learning the first makes')
    expect(caption([0, 0, 0, 1, 1])).toContain('none of them speaks against 3.')
  })

  test('name the class with the highest mean and the one with the lowest, of those that have digits', () => {
    const mean = (label: number, count: number, value: number) => ({ label, count, mean: value })
    expect(plain(meansCaption([mean(0, 5, -1.5), mean(1, 5, 2), mean(2, 0, -9)]))).toBe(
      'On average, training digits labelled 1 score highest (2.00) and those labelled 0 lowest (-1.50).',
    )
  })
})
