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

test('names two different regions for any map of both signs: those with the greatest and the least sum', () => {
  const whole = fc.integer({ min: -9, max: 9 })
  fc.assert(
    fc.property(
      fc.array(whole, { minLength: width * height, maxLength: width * height }),
      (values) => {
        const sums = [...sumNet(values).values()]
        const [most, least] = [Math.max(...sums), Math.min(...sums)]
        const sentence = describeMap(createMap(values), 'all')
        if (most <= 0 || least >= 0) return
        const pattern = new RegExp(
          `^On balance, the (${places}) counts most for 8, and the (${places}) counts most against it\\. ` +
            '\\d+ % of the attribution is (for|against) 8\\.$',
        )
        const [, forIt = '', against = ''] = pattern.exec(sentence.replaceAll('\u202f', ' ')) ?? []
        expect(sumNet(values).get(forIt)).toBe(most)
        expect(sumNet(values).get(against)).toBe(least)
      },
    ),
  )
})

test('says so if no region counts for, or against, the output', () => {
  const values = Array.from({ length: width * height }, (_, at) => (at === 14 ? 5 : 1))
  const plain = (sentence: string): string => sentence.replaceAll('\u202f', ' ')
  expect(plain(describeMap(createMap(values), 'all'))).toBe(
    'On balance, the middle counts most for 8, and no part counts against it. 100 % of the attribution is for 8.',
  )
  const negative = values.map((value) => -value)
  expect(plain(describeMap(createMap(negative), 'all'))).toBe(
    'On balance, the middle counts most against 8, and no part counts for it. 100 % of the attribution is against 8.',
  )
  const balanced = values.map((_, at) => (at % 2 === 0 ? 1 : -1))
  expect(plain(describeMap(createMap(balanced), 'all'))).toBe(
    'In each part of the picture, the pixels for and against 8 cancel out. 50 % of the attribution is for 8.',
  )
  expect(describeMap(createMap(values.map(() => 0)), 'all')).toBe(
    'No pixel counts for or against 8.',
  )
})
