import 'gradlens/elements/define'
import type { TokenAttribution } from 'gradlens/elements'
import { expect, it } from 'vitest'
import {
  attributionJson,
  reviewExplanation,
  reviewTokens,
} from '../../support/elements/element-fixtures.js'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'

/** Padding, then 'not', 'at', 'all', 'bad'; summed over the embedding 0, 1, 0, −0.5, −2. */
const small = attributionJson({
  x: [[0, 7, 2, 5, 9]],
  attributions: [
    [
      [
        [0, 0],
        [0.5, 0.5],
        [1, -1],
        [0, -0.5],
        [-1, -1],
      ],
    ],
  ],
  target: [1],
})
const given = {
  explanation: small,
  tokens: ['', 'not', 'at', 'all', 'bad'],
  labels: ['negative', 'positive'],
}

it('colours each word by its attribution, summed over its embedding', async () => {
  const element = await mounted('gl-attribution-text', given)
  const words = within(element, '[role="option"]')
  expect(words.map((word) => word.textContent.trim())).toEqual(['not', 'at', 'all', 'bad'])
  expect(words.map((word) => word.style.getPropertyValue('--_share'))).toEqual([
    '0.500',
    '0.000',
    '0.250',
    '1.000',
  ])
  expect(words.map((word) => word.classList.contains('against'))).toEqual([
    false,
    false,
    true,
    true,
  ])
  expect(textsOf(element, '.text')).toEqual(['not at all bad'])
  expect(element.toCSV().split('\r\n')[1]).toBe('0,,0')
  expect(textsOf(element, 'tbody tr')).toEqual(['not 1.00', 'at 0.00', 'all −0.50', 'bad −2.00'])
  expect(textsOf(element, 'figcaption')).toEqual([
    '“not” counts most for positive; “bad” and “all” count most against it. 71 % of the attribution is against positive.',
  ])
})

it('joins tokens that contain their spaces without adding any', async () => {
  const tokens = ['', 'not', ' at', ' all', 'ish']
  const element = await mounted('gl-attribution-text', { ...given, tokens, separator: '' })
  expect(within(element, '.text')[0]?.textContent.trim()).toBe('not at allish')
})

it('numbers the tokens if their texts are not known', async () => {
  const element = await mounted('gl-attribution-text', { explanation: small })
  expect(textsOf(element, '[role="option"]')).toEqual(['0', '7', '2', '5', '9'])
})

it.each([
  [
    'positive',
    ['0.500', '0.000', '0.000', '0.000'].map((share) => (share === '0.500' ? '1.000' : share)),
  ],
  ['negative', ['0.000', '0.000', '0.250', '1.000']],
] as const)('shows only %s values', async (sign, shares) => {
  const element = await mounted('gl-attribution-text', { ...given, sign })
  const words = within(element, '[role="option"]')
  expect(words.map((word) => word.style.getPropertyValue('--_share'))).toEqual(shares)
  expect(textsOf(element, 'figcaption')[0]).toContain('not shown')
})

it('shows the value of the word in focus or under the pointer, and moves with the arrow keys', async () => {
  const told: (TokenAttribution | null)[] = []
  const element = await mounted('gl-attribution-text', given)
  element.addEventListener('gl-token-focus', ({ detail }) => told.push(detail))
  const words = within(element, '[role="option"]')
  expect(words.map(({ tabIndex }) => tabIndex)).toEqual([0, -1, -1, -1])
  words[0]?.focus()
  await element.updateComplete
  expect(textsOf(element, 'output')).toEqual(['+1.00 not'])
  words[0]?.dispatchEvent(
    new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true, cancelable: true }),
  )
  await element.updateComplete
  expect(element.shadowRoot?.activeElement).toBe(words[3])
  expect(textsOf(element, 'output')).toEqual(['−2.00 bad'])
  expect(words.map((word) => word.getAttribute('aria-selected')).at(3)).toBe('true')
  expect(told.map((detail) => detail?.token)).toEqual(['not', 'bad'])
  words[3]?.blur()
  await element.updateComplete
  expect(told.at(-1)).toBeNull()

  words[2]?.dispatchEvent(new PointerEvent('pointerenter'))
  await element.updateComplete
  expect(textsOf(element, 'output')).toEqual(['−0.50 all'])
})

it('shows the words in their places before their attributions are known', async () => {
  const tokens = ['', '', ...reviewTokens]
  const element = await mounted('gl-attribution-text', { tokens })
  const before = within(element, '.text')[0]!.getBoundingClientRect()
  element.explanation = reviewExplanation()
  await element.updateComplete
  const after = within(element, '.text')[0]!.getBoundingClientRect()
  expect([after.width, after.height]).toEqual([before.width, before.height])
})

it('reads its words from an attribute', async () => {
  const element = await mounted('gl-attribution-text', { explanation: small })
  element.setAttribute('tokens', '["", "well,", "at", "all", "bad"]')
  await element.updateComplete
  expect(textsOf(element, '.text')).toEqual(['well, at all bad'])
  element.setAttribute('tokens', ',not,at,all,bad')
  await element.updateComplete
  expect(textsOf(element, '.text')).toEqual(['not at all bad'])
})

it("reports how many words it needs, and which explanations it can't show", async () => {
  const element = await mounted('gl-attribution-text', { ...given, tokens: ['not'] })
  expect(textsOf(element, '[role="alert"]')[0]).toContain('expected 5, one per position')
  element.explanation = attributionJson({ x: [[[[0]]]], attributions: [[[[[0]]]]] })
  await element.updateComplete
  expect(textsOf(element, '[role="alert"]')[0]).toContain('expected those of a text')
})
