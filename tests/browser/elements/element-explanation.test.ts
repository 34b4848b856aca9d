import type { GlExplanation } from 'gradlens/elements'
import 'gradlens/elements/define'
import { encodeFrame } from 'gradlens/frame'
import { expect, it, onTestFinished } from 'vitest'
import {
  attributionJson,
  carExplanation,
  carFeatures,
  digitExplanation,
  reviewExplanation,
  reviewTokens,
  severalInputsExplanation,
  weatherExplanation,
} from '../../support/elements/element-fixtures.js'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'
import { rankingJson } from '../../support/gradients/ranking-fixtures.js'

const viewsOf = (element: GlExplanation): string[] =>
  within(element, '[data-view]').map(({ localName }) => localName)

const predictions = {
  meta: { ...carExplanation().meta },
  data: { predictions: [[0.2, 0.8]] },
}
const review = reviewExplanation()
const tokens = ['', '', ...reviewTokens]

it.each([
  ['gl-attribution-image', 'an image with channels', { explanation: digitExplanation() }],
  [
    'gl-attribution-image',
    'an image without channels',
    { explanation: attributionJson({ x: [[[0, 1]]], attributions: [[[[0.5, 1]]]] }) },
  ],
  ['gl-attribution-text', 'the embedding of a text', { explanation: review, options: { tokens } }],
  ['gl-attribution-text', 'the embedding of token ids', { explanation: review }],
  [
    'gl-attribution-text',
    'one value per token',
    {
      explanation: attributionJson({ x: [[3, 4]], attributions: [[[0.5, 1]]] }),
      tokens: ['a', 'b'],
    },
  ],
  ['gl-attribution-bars', 'a row', { explanation: carExplanation(), features: carFeatures }],
  [
    'gl-attribution-series',
    'a time series by its kind',
    { explanation: weatherExplanation(), kind: 'series' as const },
  ],
  [
    'gl-attribution-series',
    'a time series by its times',
    {
      explanation: weatherExplanation(),
      times: Array.from({ length: 48 }, (_, hour) => `${hour} h`),
    },
  ],
  ['gl-similar-examples', 'a ranking', { explanation: rankingJson() }],
  ['gl-probabilities', 'predictions alone', { explanation: predictions }],
])('chooses %s for %s', async (tag, _, properties) => {
  const element = await mounted('gl-explanation', properties)
  expect(viewsOf(element)).toEqual([tag])
  const [view] = within<GlExplanation>(element, '[data-view]')
  expect(view!.state).toBe('ready')
  expect(element.toCSV()).toBe(view!.toCSV())
  expect(element.toSVG()).toBe(view!.toSVG())
  expect((await element.toBlob()).type).toBe('image/png')
})

it('follows the kind and the names that a frame has', async () => {
  const frame = encodeFrame(weatherExplanation(), {
    kind: 'series',
    labels: ['no rain', 'rain'],
    features: ['a', 'b', 'c'],
  })
  const element = await mounted('gl-explanation', { explanation: frame })
  expect(viewsOf(element)).toEqual(['gl-attribution-series'])
  const [view] = within(element, '[data-view]')
  expect(textsOf(view!, 'figcaption')[0]).toMatch(/^b counts most for rain/)
  element.explanation = encodeFrame(carExplanation())
  await element.updateComplete
  expect(viewsOf(element)).toEqual(['gl-attribution-bars'])
})

it('shows each input by its name, or only the chosen one', async () => {
  const element = await mounted('gl-explanation', { explanation: severalInputsExplanation() })
  expect(viewsOf(element)).toEqual(['gl-attribution-image', 'gl-attribution-bars'])
  expect(textsOf(element, '.title')).toEqual(['picture', 'facts'])
  element.input = 1
  await element.updateComplete
  expect(viewsOf(element)).toEqual(['gl-attribution-bars'])
  element.input = 2
  await element.updateComplete
  expect(textsOf(element, '[part="error"]')[0]).toContain('input: got 2; expected 0 … 1')
})

it('accepts pictures with channels first', async () => {
  const explanation = attributionJson({
    x: [[[[0, 1]], [[1, 0]], [[1, 1]]]],
    attributions: [[[[[1, 0]], [[1, 0]], [[0, -1]]]]],
  })
  const element = await mounted('gl-explanation', { explanation, options: { channels: 'first' } })
  expect(element.toCSV()).toBe('row,column,attribution\r\n0,0,2\r\n0,1,-1\r\n')
})

it('dims the old result while it waits, and shows errors in place', async () => {
  const element = await mounted('gl-explanation', { explanation: carExplanation() })
  element.explanation = new Promise(() => undefined)
  await element.updateComplete
  const [view] = within<GlExplanation>(element, '[data-view]')
  expect([element.state, view!.state]).toEqual(['loading', 'loading'])
  element.explanation = attributionJson({ x: [[[[[0]]]]], attributions: [[[[[[0.5]]]]]] })
  await element.updateComplete
  expect(element.state).toBe('error')
  expect(textsOf(element, '[part="error"]')[0]).toContain(
    'expected one to three axes for each example',
  )
  expect(() => element.toCSV()).toThrow('expected one that is shown')
  element.explanation = carExplanation()
  await element.updateComplete
  expect(viewsOf(element)).toEqual(['gl-attribution-bars'])
})

it('shows the frame in its own script, and hides the still around it', async () => {
  const base64 = btoa(
    String.fromCharCode(...encodeFrame(carExplanation(), { features: carFeatures })),
  )
  const place = document.createElement('div')
  place.innerHTML = `<gl-explanation><script type="application/x-gradlens-frame">
    ${base64}
  </script><figure>A still.</figure></gl-explanation>`
  document.body.append(place)
  onTestFinished(() => {
    place.remove()
  })
  const element = place.querySelector('gl-explanation')!
  await element.updateComplete
  expect(viewsOf(element)).toEqual(['gl-attribution-bars'])
  expect(place.querySelector('figure')!.getBoundingClientRect().height).toBe(0)
})
