import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeMap } from '../../../src/elements/attribution-image/sentence.js'
import type { SignedMap } from '../../../src/elements/attribution-image/signed-map.js'

const places = 'upper left|upper right|lower left|lower right|top|left|middle|right|bottom'
const width = 6
const height = 6

function createMap(values: readonly number[]): SignedMap {
  const data = Float64Array.from(values)
  return {
    width,
    height,
    aspect: 1,
    unit: 'pixel',
    values: data,
    shown: data,
    limit: 1,
    isClipped: false,
    image: null,
    target: '8',
  }
}

/** The sum of each region, by a loop of its own. */
function sumNet(values: readonly number[]): Map<string, number> {
  const rows = ['upper', '', 'lower']
  const columns = ['left', '', 'right']
  const sums = new Map<string, number>()
  values.forEach((value, at) => {
    const row = rows[Math.floor(Math.floor(at / width) / 2)] ?? ''
    const column = columns[Math.floor((at % width) / 2)] ?? ''
    const edge = column === '' ? { upper: 'top', lower: 'bottom' }[row] : undefined
    const name = edge ?? (`${row} ${column}`.trim() || 'middle')
    sums.set(name, (sums.get(name) ?? 0) + value)
  })
  return sums
}

/** The whole is the sum of the magnitudes of the regions' sums. */
const standoutShare = 1.5 / 9

/** The number as the sentence writes it. */
const readNumber = (text: string): number => {
  const [mantissa = '', power = '0'] = text.replaceAll('−', '-').split('×10')
  const digits = Array.from(power, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(digit)).filter((at) => at >= 0)
  const exponent = Number(digits.join('')) * (power.startsWith('⁻') ? -1 : 1)
  return Number(mantissa) * 10 ** exponent
}

const balance = new RegExp(
  `^The (${places}) counts most for 8 \\((\\S+)\\), and the (${places}) counts most against it \\((\\S+)\\)\\. ` +
    '\\d+ % of the attribution is (for|against) 8\\.$',
)
const noStandout = new RegExp(
  `^No part of the picture stands out: the strongest, the (${places}), has ([\\d.]+) % of what counts for or against 8\\. ` +
    '\\d+ % of the attribution is (for|against) 8\\.$',
)

test('names the regions with the greatest and the least sum of any map, or says that they are all similar', () => {
  const whole = fc.integer({ min: -9, max: 9 })
  let named = 0
  let unnamed = 0
  fc.assert(
    fc.property(
      fc.array(whole, { minLength: width * height, maxLength: width * height }),
      // Regions that alternate between the same sum and its negative make maps in which none stands out.
      fc.integer({ min: -40, max: 40 }),
      (noise, level) => {
        const values = noise.map((value, at) => {
          const region = Math.floor(at / width / 2) + Math.floor((at % width) / 2)
          return value + (region % 2 === 0 ? level : -level)
        })
        const sums = sumNet(values)
        const net = [...sums.values()]
        const [most, least] = [Math.max(...net), Math.min(...net)]
        if (most <= 0 || least >= 0) return
        const sentence = describeMap(createMap(values), 'all').replaceAll('\u202f', ' ')
        const total = net.reduce((sum, value) => sum + Math.abs(value), 0)
        const share = Math.max(most, -least) / total
        if (share >= standoutShare) {
          named++
          const [, forIt = '', gain = '', against = '', loss = ''] = balance.exec(sentence) ?? []
          expect(sums.get(forIt)).toBe(most)
          expect(sums.get(against)).toBe(least)
          expect(Math.abs(readNumber(gain) - most)).toBeLessThan(0.01 * Math.max(most, -least))
          expect(Math.abs(readNumber(loss) - least)).toBeLessThan(0.01 * Math.max(most, -least))
        } else {
          unnamed++
          const [, strongest = '', percent = ''] = noStandout.exec(sentence) ?? []
          expect(Math.abs(sums.get(strongest) ?? NaN)).toBe(Math.max(most, -least))
          expect(Math.abs(Number(percent) - 100 * share)).toBeLessThanOrEqual(0.5)
        }
      },
    ),
    { seed: 1, numRuns: 500 },
  )
  expect(named).toBeGreaterThan(50)
  expect(unnamed).toBeGreaterThan(5)
})

test("describes every map that isn't zero with numbers", () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1, max: 1 }), {
        minLength: width * height,
        maxLength: width * height,
      }),
      (values) => {
        fc.pre(values.some((value) => value !== 0))
        const sentence = describeMap(createMap(values), 'all').replaceAll('\u202f', ' ')
        expect(sentence).toMatch(/^[A-Z][^.]*8[^]*\d+ % of the attribution is (for|against) 8\.$/)
      },
    ),
    { seed: 2, numRuns: 300 },
  )
})

test('says so if no region counts for, or against, the output', () => {
  const values = Array.from({ length: width * height }, (_, at) => (at === 14 ? 5 : 1))
  const plain = (sentence: string): string => sentence.replaceAll('\u202f', ' ')
  expect(plain(describeMap(createMap(values), 'all'))).toBe(
    'The middle counts most for 8 (+8.00), and no part counts against it. 100 % of the attribution is for 8.',
  )
  const negative = values.map((value) => -value)
  expect(plain(describeMap(createMap(negative), 'all'))).toBe(
    'The middle counts most against 8 (−8.00), and no part counts for it. 100 % of the attribution is against 8.',
  )
  const balanced = values.map((_, at) => (at % 2 === 0 ? 1 : -1))
  expect(plain(describeMap(createMap(balanced), 'all'))).toBe(
    'In each part of the picture, the pixels for and against 8 cancel out. 50 % of the attribution is for 8.',
  )
  expect(describeMap(createMap(values.map(() => 0)), 'all')).toBe(
    'No pixel counts for or against 8.',
  )
})
