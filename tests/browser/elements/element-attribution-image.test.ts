import 'gradlens/elements/define'
import type { PixelReadout } from 'gradlens/elements'
import { expect, it } from 'vitest'
import { attributionJson, digitExplanation } from '../../support/elements/element-fixtures.js'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'

/** Two rows of three pixels, two channels each; the sums are 4, 0, 0 and 0, −2, 1. */
const small = attributionJson({
  x: [
    [
      [0, 1, 0],
      [1, 0, 1],
    ].map((row) => row.map((value) => [value])),
  ],
  attributions: [
    [
      [
        [
          [1, 3],
          [0, 0],
          [2, -2],
        ],
        [
          [0, 0],
          [-1, -1],
          [0.5, 0.5],
        ],
      ],
    ],
  ],
})

function colorsOf(canvas: HTMLCanvasElement | undefined): number[][] {
  const { data, width, height } = canvas!
    .getContext('2d', { willReadFrequently: true })!
    .getImageData(0, 0, canvas!.width, canvas!.height)
  return Array.from({ length: width * height }, (_, i) => [...data.slice(i * 4, i * 4 + 4)])
}

it('sums over the channels, and draws zero as paper and equal magnitudes equally strong', async () => {
  const element = await mounted('gl-attribution-image', {
    explanation: small,
    layout: 'map',
    clip: 100,
  })
  expect(element.toCSV().trimEnd().split('\r\n')).toEqual([
    'row,column,attribution',
    '0,0,4',
    '0,1,0',
    '0,2,0',
    '1,0,0',
    '1,1,-2',
    '1,2,1',
  ])
  const [canvas, ...others] = within<HTMLCanvasElement>(element, '.panel canvas')
  expect(others).toEqual([])
  expect([canvas?.width, canvas?.height]).toEqual([3, 2])
  const [strongest, paper, , , negative, weak] = colorsOf(canvas)
  expect(paper).toEqual([255, 255, 255, 255])
  // Purple for, orange against; PuOr at 0.04 and 0.75.
  expect(strongest).toEqual([61, 16, 99, 255])
  expect(negative![0]).toBeGreaterThan(negative![2]!)
  expect(weak![2]).toBeGreaterThan(weak![0]!)
})

it('gives the strongest colour to a percentile of the magnitudes, which the colour bar names', async () => {
  const given = { explanation: small, layout: 'map' as const, labels: Array.from('abcdefghi') }
  const whole = await mounted('gl-attribution-image', { ...given, clip: 100 })
  expect(textsOf(whole, '.ticks li')).toEqual(['−4.00 against i', '0', '+4.00 for i'])
  const clipped = await mounted('gl-attribution-image', { ...given, clip: 80 })
  expect(textsOf(clipped, '.ticks li')).toEqual(['≤ −2.00 against i', '0', '≥ +2.00 for i'])
  const refused = await mounted('gl-attribution-image', { ...given, clip: 0 })
  expect(textsOf(refused, '[role="alert"]')[0]).toContain('clip: got 0; expected a percentile')
})

it.each([
  ['all', [4, 0, 0, 0, -2, 1]],
  ['positive', [4, 0, 0, 0, 0, 1]],
  ['negative', [0, 0, 0, 0, -2, 0]],
] as const)('shows %s values', async (sign, values) => {
  const element = await mounted('gl-attribution-image', {
    explanation: small,
    layout: 'map',
    clip: 100,
    sign,
  })
  const colors = colorsOf(within<HTMLCanvasElement>(element, '.panel canvas')[0])
  const isPaper = colors.map((color) => color.join() === '255,255,255,255')
  expect(isPaper).toEqual(values.map((value) => value === 0))
  expect(textsOf(element, '.ticks li').length).toBe(sign === 'all' ? 3 : 2)
})

it.each([
  ['side-by-side', [2, 1]],
  ['overlay', [1, 2]],
  ['masked', [1, 2]],
  ['map', [1, 1]],
] as const)('arranges map and picture: %s', async (layout, [panelCount, layerCount]) => {
  const element = await mounted('gl-attribution-image', { explanation: digitExplanation(), layout })
  const panels = within(element, '.panel')
  expect(panels).toHaveLength(panelCount)
  expect(panels.map((panel) => panel.querySelectorAll('canvas').length)).toEqual(
    panels.map(() => layerCount),
  )
  for (const canvas of within<HTMLCanvasElement>(element, '.panel canvas')) {
    expect(new Set(colorsOf(canvas).map(String)).size).toBeGreaterThan(1)
    expect(getComputedStyle(canvas).imageRendering).toBe('pixelated')
  }
})

it('shows only the map if the explanation has no picture, or a picture that it is given', async () => {
  const { meta, data } = small
  const withoutX = { meta, data: { ...data, X: null } }
  const alone = await mounted('gl-attribution-image', { explanation: withoutX })
  expect(within(alone, '.panel')).toHaveLength(1)
  alone.image = [
    [0, 255],
    [128, 0],
  ]
  await alone.updateComplete
  const [picture] = within<HTMLCanvasElement>(alone, '.panel canvas')
  expect(colorsOf(picture)[2]).toEqual([128, 128, 128, 255])
  alone.ink = true
  await alone.updateComplete
  expect(colorsOf(picture)[0]).toEqual([255, 255, 255, 255])
})

it('draws the cells of a layer over their parts of a larger image', async () => {
  // Two channels of one row of three cells: the sums are 4, 0 and −2.
  const cells = [[[[1, 0, -1]], [[3, 0, -1]]]]
  const image = Array.from({ length: 100 }, (_, row) =>
    Array.from({ length: 300 }, (__, column) => (row + column) / 400),
  )
  const { meta, data } = attributionJson({ x: [image], attributions: [cells] })
  const params = { ...(meta['params'] as object), layer: 'a convolution' }
  const element = await mounted('gl-attribution-image', {
    explanation: { meta: { ...meta, params }, data },
    layout: 'overlay',
    channels: 'first',
    clip: 100,
    image,
  })
  const canvases = within<HTMLCanvasElement>(element, '.panel canvas')
  expect(canvases.map(({ width, height }) => [width, height])).toEqual([
    [300, 100],
    [3, 1],
  ])
  // Cells keep their edges; photographs are smooth.
  expect(canvases.map((canvas) => getComputedStyle(canvas).imageRendering)).toEqual([
    'auto',
    'pixelated',
  ])
  const alphas = colorsOf(canvases[1]).map(([, , , alpha]) => alpha)
  expect(alphas).toEqual([255, 0, Math.round(255 * 0.5 ** 0.6)])
  const panel = within(element, '.panel')[0]!
  const { width, height, left, top } = panel.getBoundingClientRect()
  expect(width / height).toBeCloseTo(3, 1)
  expect(panel.getAttribute('aria-label')).toContain('Map of 1 by 3 cells.')
  expect(textsOf(element, 'output')).toEqual(['Point at a cell to see its value.'])
  panel.dispatchEvent(
    new PointerEvent('pointermove', {
      bubbles: true,
      composed: true,
      clientX: left + 0.9 * width,
      clientY: top + 1,
    }),
  )
  await element.updateComplete
  expect(textsOf(element, 'output')[0]).toBe('−2.00 row 1, column 3')
  expect(element.toSVG()).toContain('<image')
})

it('draws again in the new colours when the theme changes', async () => {
  const element = await mounted('gl-attribution-image', { explanation: small, layout: 'map' })
  const paper = (): string =>
    colorsOf(within<HTMLCanvasElement>(element, '.panel canvas')[0])[1]!.join()
  expect(paper()).toBe('255,255,255,255')
  document.documentElement.style.colorScheme = 'dark'
  await expect.poll(paper).toBe('19,19,23,255')
  document.documentElement.style.removeProperty('color-scheme')
  await expect.poll(paper).toBe('255,255,255,255')
})

it('shows the value of the pixel under the pointer, and fires an event', async () => {
  const element = await mounted('gl-attribution-image', { explanation: small, layout: 'map' })
  const told: (PixelReadout | null)[] = []
  element.addEventListener('gl-pixel-focus', ({ detail }) => told.push(detail))
  const [panel] = within(element, '.panel')
  const { left, top, width, height } = panel!.getBoundingClientRect()
  const at = { clientX: left + width * 0.5, clientY: top + height * 0.75 }
  panel!.dispatchEvent(new PointerEvent('pointermove', { ...at, bubbles: true, composed: true }))
  await element.updateComplete
  expect(told).toEqual([{ row: 1, column: 1, value: -2 }])
  expect(textsOf(element, 'output')).toEqual(['−2.00 row 2, column 2'])
  expect(within(element, '.cursor')).toHaveLength(1)

  within(element, '.area')[0]!.dispatchEvent(new PointerEvent('pointerleave'))
  await element.updateComplete
  expect(told.at(-1)).toBeNull()
  expect(within(element, '.cursor')).toEqual([])
})

it('moves over the pixels with the arrow keys, and stays inside', async () => {
  const element = await mounted('gl-attribution-image', { explanation: small, layout: 'map' })
  const panel = within(element, '[role="application"]')[0]!
  expect(panel.tabIndex).toBe(0)
  const press = async (key: string, shiftKey = false): Promise<string | undefined> => {
    const event = new KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true })
    panel.dispatchEvent(event)
    await element.updateComplete
    return textsOf(element, 'output')[0]
  }
  panel.focus()
  expect(await press('ArrowUp')).toBe('0.00 row 1, column 2')
  expect(await press('ArrowLeft')).toBe('+4.00 row 1, column 1')
  expect(await press('ArrowLeft')).toBe('+4.00 row 1, column 1')
  expect(await press('ArrowDown', true)).toBe('0.00 row 2, column 1')
  expect(await press('End')).toBe('+1.00 row 2, column 3')
  panel.blur()
  await element.updateComplete
  expect(textsOf(element, 'output')[0]).toContain('Point at a pixel')
})

it('has menus for the layout and the values, which name the defaults', async () => {
  const element = await mounted('gl-attribution-image', {
    explanation: digitExplanation(),
    controls: true,
  })
  const [layout, sign] = within<HTMLSelectElement>(element, 'select')
  expect(layout?.selectedOptions[0]?.text.trim()).toBe('side by side (default)')
  layout!.selectedIndex = 1
  layout!.dispatchEvent(new Event('change'))
  sign!.selectedIndex = 2
  sign!.dispatchEvent(new Event('change'))
  await element.updateComplete
  expect([element.layout, element.sign]).toEqual(['overlay', 'negative'])
  expect(textsOf(element, 'figcaption')[0]).toContain('The pixels for it are not shown.')
})

it('names the regions that count most for and against the output', async () => {
  const element = await mounted('gl-attribution-image', { explanation: small })
  expect(textsOf(element, 'figcaption')).toEqual([
    'The upper left counts most for 8 (+4.00), and the bottom counts most against it (−2.00). 71 % of the attribution is for 8.',
  ])
  expect(textsOf(element, 'tbody tr:first-child > *')).toEqual(['upper left', '4.00', '0.00'])
})

it.each([
  [{ layout: 'above' as 'map' }, "layout: got 'above'; expected one of 'side-by-side'"],
  [{ palette: 'rainbow' as 'PuOr' }, "palette: got 'rainbow'"],
  [{ sign: 'both' as 'all' }, "sign: got 'both'"],
  [{ input: 3 }, 'input: got 3; expected 0 … 0'],
  [{ image: [1, 2] }, 'image: got shape [2]; expected an image'],
])('reports what is wrong with %j', async (properties, message) => {
  const element = await mounted('gl-attribution-image', { explanation: small, ...properties })
  expect(textsOf(element, '[role="alert"]')[0]).toContain(message)
})
