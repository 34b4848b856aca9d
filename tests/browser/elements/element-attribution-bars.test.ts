import 'gradlens/elements/define'
import { expect, it } from 'vitest'
import {
  attributionJson,
  carExplanation,
  carFeatures,
} from '../../support/elements/element-fixtures.js'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'

const given = { explanation: carExplanation(), features: carFeatures }

it('shows each feature with its value, the greatest magnitude first', async () => {
  const element = await mounted('gl-attribution-bars', given)
  expect(textsOf(element, '.name')).toEqual([
    'weight 3504',
    'model year 78',
    'displacement 307',
    'horsepower 130',
    'cylinders 8',
    'acceleration 12',
    'origin: Europe 0',
  ])
  expect(textsOf(element, '.number').slice(0, 2)).toEqual(['−3.18', '+2.14'])
  expect(textsOf(element, 'figcaption')).toEqual([
    'The feature that counts most against a higher output is weight (−3.18); model year (+2.14) counts most for it. The other five add up to −2.80.',
  ])
})

it('draws all bars on one scale from one zero, to the left below it', async () => {
  const element = await mounted('gl-attribution-bars', given)
  const zeros = within(element, '.zero').map((zero) => zero.getBoundingClientRect().left)
  expect(new Set(zeros).size).toBe(1)
  const bars = within(element, '.bar').map((bar) => bar.getBoundingClientRect())
  const [weight, year] = bars
  expect(weight!.right).toBeCloseTo(zeros[0]!, 0)
  expect(year!.left).toBeCloseTo(zeros[0]!, 0)
  expect(weight!.width / year!.width).toBeCloseTo(3.18 / 2.14, 1)
})

it('can keep the order of the features, and show only the strongest', async () => {
  const element = await mounted('gl-attribution-bars', { ...given, order: 'given', top: 3 })
  expect(textsOf(element, '.name > :first-child')).toEqual(['displacement', 'weight', 'model year'])
})

it('shows values in a readable form', async () => {
  const values = [8, 307, 130, 3504.26, -12.00049, '1978', 'no']
  const element = await mounted('gl-attribution-bars', { ...given, values, order: 'given' })
  expect(textsOf(element, '.value')).toEqual(['8', '307', '130', '3504', '−12', '1978', 'no'])
})

it("numbers features without names, and accepts values that aren't numbers", async () => {
  const explanation = attributionJson({ x: [[1, 2, 3]], attributions: [[[0.5, 'NaN', -1]]] })
  const element = await mounted('gl-attribution-bars', { explanation })
  expect(textsOf(element, '.name > :first-child')).toEqual(['feature 2', 'feature 0', 'feature 1'])
  expect(textsOf(element, '.number')).toEqual(['−1.00', '+0.50', 'NaN'])
  expect(within(element, '.bar')).toHaveLength(2)
})

it.each([
  [{ features: ['one'] }, 'features: got an array of length 1; expected 7'],
  [{ values: [1, 2] }, 'values: got an array of length 2; expected 7'],
  [{ order: 'random' as 'given' }, "order: got 'random'"],
  [
    { explanation: attributionJson({ x: [[[1]]], attributions: [[[[1]]]] }) },
    'use <gl-attribution-image> for images',
  ],
])('reports what is wrong with %j', async (properties, message) => {
  const element = await mounted('gl-attribution-bars', { ...given, ...properties })
  expect(textsOf(element, '[role="alert"]')[0]).toContain(message)
})
