import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createNumberFormat,
  createRankingFormat,
  formatPercent,
  formatTablePercent,
} from '../../../src/elements/text/format.js'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatSeconds,
} from '../../../src/elements/text/quantities.js'
import { formatRunReport } from '../../../src/elements/text/run-report.js'

/** The text with plain spaces and hyphens. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ').replaceAll('\u2212', '-')

describe('numbers', () => {
  test('count in groups of three digits, as the browser does for English', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (count) => {
        expect(formatCount(count)).toBe(count.toLocaleString('en'))
      }),
    )
    expect([0, 999, 1000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567'])
  })

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

  test('show the time left in whole seconds', () => {
    expect(plain(formatSeconds(20))).toBe('1 s')
    expect(plain(formatSeconds(17_600))).toBe('18 s')
    expect(plain(formatSeconds(90_000))).toBe('1 min 30 s')
  })

  test('show bytes in the unit that fits', () => {
    const counts = [999, 436_000, 4_400_000, 44_000_000, 1_200_000_000]
    expect(counts.map((bytes) => plain(formatBytes(bytes)))).toEqual([
      '999 B',
      '436 kB',
      '4.4 MB',
      '44 MB',
      '1.2 GB',
    ])
  })

  test('that are compared have one notation, with three digits for the greatest', () => {
    const format = createNumberFormat([184, -2.5, 0.01])
    expect([184, -2.5, 0.01, -0.01].map((value) => plain(format(value)))).toEqual([
      '184',
      '-3',
      '0',
      '0',
    ])
    const small = createNumberFormat([3.14159e-5, -2e-6])
    expect(plain(small(3.14159e-5))).toBe('3.14×10⁻⁵')
    expect(plain(small(-2e-6))).toBe('-0.20×10⁻⁵')
    expect(createNumberFormat([0])(0)).toBe('0.00')
  })
})

describe('ranked numbers', () => {
  test('get enough digits to differ', () => {
    const cosines = [0.99871, 0.99843, 0.99801, 0.99799, 0.9975]
    const format = createRankingFormat([cosines, [-0.31, -0.29]])
    expect(cosines.map(format)).toEqual(['0.99871', '0.99843', '0.99801', '0.99799', '0.99750'])
    expect(createRankingFormat([[184, 12.5]])(184)).toBe('184')
    expect([254_100, 253_900].map(createRankingFormat([[254_100, 253_900]]))).toEqual([
      '2.541×10⁵',
      '2.539×10⁵',
    ])
  })

  test('get no more digits for numbers that are equal, close to zero or not finite', () => {
    expect(createRankingFormat([[1, 1, 1]])(1)).toBe('1.00')
    expect(
      createRankingFormat([
        [68, 67],
        [-0.0012, -0.0013, 0],
      ])(68),
    ).toBe('68.0')
    expect(createRankingFormat([[4, Number.NaN, Infinity]])(4)).toBe('4.00')
    expect(createRankingFormat([[], []])(0)).toBe('0.00')
  })

  test('look different wherever they differ by more than the sixth digit', () => {
    const score = fc.double({ min: 0.2, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.array(score, { minLength: 1, maxLength: 10 }), (scores) => {
        const format = createRankingFormat([scores])
        for (const a of scores) {
          for (const b of scores) {
            if (Math.abs(a - b) > 1e-5) expect(format(a)).not.toBe(format(b))
          }
        }
      }),
    )
  })
})

describe('a run report', () => {
  test('has one sentence for each known fact', () => {
    expect(formatRunReport({})).toBe('')
    expect(
      plain(
        formatRunReport({
          devices: ['wasm', 'wasm', null],
          fallbackReasons: ['webgpu: no adapter.', undefined],
          exampleCount: 1000,
          noun: 'training digits',
          storedBytes: 12_300,
          fitMs: 1200,
          similarityMs: 5,
          attributionMs: 20,
          steps: 50,
        }),
      ),
    ).toBe(
      'Runs on WASM. No WebGPU: no adapter. The gradients of 1,000 training digits took 1.2 s and 12 kB. ' +
        'Comparing with them took 5 ms. The attribution of 50 steps took 20 ms.',
    )
    expect(plain(formatRunReport({ exampleCount: 12, similarityMs: 5 }))).toBe(
      'Comparing with 12 training examples took 5 ms.',
    )
  })
})
