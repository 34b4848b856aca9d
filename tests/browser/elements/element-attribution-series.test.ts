import type { StepReadout } from 'gradlens/elements'
import 'gradlens/elements/define'
import { expect, it } from 'vitest'
import {
  attributionJson,
  weatherExplanation,
  weatherFeatures,
} from '../../support/elements/element-fixtures.js'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'

const given = {
  explanation: weatherExplanation(),
  features: weatherFeatures,
  labels: ['no rain', 'rain'],
}

it('shows a strip and a line for each feature, and names the strongest one with its time', async () => {
  const element = await mounted('gl-attribution-series', given)
  expect(textsOf(element, '.name')).toEqual(weatherFeatures)
  expect(within<HTMLCanvasElement>(element, '.strip canvas').map(({ width }) => width)).toEqual([
    48, 48, 48,
  ])
  expect(textsOf(element, 'figcaption')).toEqual([
    'pressure, hPa counts most for rain, most of all at step 40; humidity, % counts most against it, most of all at step 38. 65 % of the attribution is for rain.',
  ])
})

it('interrupts the line where values are missing', async () => {
  const values = Float64Array.of(1, 2, NaN, 4, 5, Infinity)
  const explanation = {
    meta: { params: {} },
    data: {
      x: { data: values, shape: [1, 6, 1] },
      attributions: [{ data: values.map(() => 1), shape: [1, 6, 1] }],
    },
  }
  const element = await mounted('gl-attribution-series', { explanation })
  const points = within(element, 'polyline.line').map((line) => line.getAttribute('points'))
  expect(points.map((each) => each!.split(' ').length / 2)).toEqual([2, 2])
  expect(textsOf(element, 'tbody th')).toEqual(['feature 0'])
})

it('paints positive and negative steps in the colours of their signs', async () => {
  const explanation = attributionJson({
    x: [
      [
        [1, 2],
        [3, 4],
      ],
    ],
    attributions: [
      [
        [
          [1, 0],
          [-1, 0.5],
        ],
      ],
    ],
  })
  const element = await mounted('gl-attribution-series', { explanation })
  const [first, second] = within<HTMLCanvasElement>(element, '.strip canvas').map((canvas) =>
    Array.from(canvas.getContext('2d')!.getImageData(0, 0, 2, 1).data),
  )
  expect(first!.slice(0, 3)).toEqual([61, 16, 99])
  expect(first!.slice(4, 7)).toEqual([148, 71, 7])
  expect(second!.slice(0, 3)).toEqual([255, 255, 255])
})

it('accepts features first, as in PyTorch', async () => {
  const turned = attributionJson({
    x: [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    attributions: [
      [
        [
          [1, 0, 2],
          [0, -3, 0],
        ],
      ],
    ],
  })
  const element = await mounted('gl-attribution-series', { explanation: turned, channels: 'first' })
  expect(element.toCSV()).toBe(
    'feature,time,value,attribution\r\n' +
      'feature 0,step 0,1,1\r\nfeature 0,step 1,2,0\r\nfeature 0,step 2,3,2\r\n' +
      'feature 1,step 0,4,0\r\nfeature 1,step 1,5,-3\r\nfeature 1,step 2,6,0\r\n',
  )
})

it('moves over steps and features by the keyboard, and reports each step', async () => {
  const element = await mounted('gl-attribution-series', given)
  const steps: (StepReadout | null)[] = []
  element.addEventListener('gl-step-focus', ({ detail }) => steps.push(detail))
  const [rows] = within(element, '[role="application"]')
  rows!.focus()
  for (const [key, shiftKey] of [
    ['ArrowRight'],
    ['ArrowRight', true],
    ['ArrowDown'],
    ['End'],
    ['x'],
  ] as const) {
    rows!.dispatchEvent(
      new KeyboardEvent('keydown', { key, shiftKey: shiftKey ?? false, bubbles: true }),
    )
  }
  await element.updateComplete
  expect(steps.map((step) => [step?.feature, step?.step])).toEqual([
    [0, 0],
    [0, 10],
    [1, 10],
    [1, 47],
  ])
  expect(textsOf(element, '[part="readout"]')[0]).toMatch(/^\+\S+ pressure, hPa, step 47: 998\.9$/)
  rows!.blur()
  expect(steps.at(-1)).toBeNull()
})

it('can show only the strongest features, in the order of the data', async () => {
  const element = await mounted('gl-attribution-series', { ...given, top: 2 })
  expect(textsOf(element, '.name')).toEqual(weatherFeatures.slice(1))
})

it('refuses attributions of other data, and lists of the wrong length', async () => {
  const image = attributionJson({ x: [[[[0]]]], attributions: [[[[[0.5]]]]] })
  for (const [properties, message] of [
    [{ explanation: image }, /shape \[1, 1, 1\] for an example; expected those of a time series/],
    [
      { ...given, times: ['now'] },
      /times: got an array of length 1; expected 48, one per time step/,
    ],
  ] as const) {
    const element = await mounted('gl-attribution-series', properties)
    expect(textsOf(element, '[part="error"]')[0]).toMatch(message)
  }
})
