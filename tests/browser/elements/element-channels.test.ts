import 'gradlens/elements/define'
import type { Channels, GlAttributionImage, GlSimilarExamples } from 'gradlens/elements'
import { expect, it } from 'vitest'
import { channelsFirst, randomImages, withChannels } from '../../support/elements/channel-images.js'
import { attributionJson } from '../../support/elements/element-fixtures.js'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'
import { rankingJson } from '../../support/gradients/ranking-fixtures.js'

/** Heights and widths that could be channels too, and pictures of the usual size. */
const shapes = [
  [3, 4, 1],
  [4, 3, 3],
  [3, 3, 3],
  [5, 2, 4],
  [32, 32, 3],
] as const

interface Drawn {
  readonly size: string
  readonly pixels: string
}

const canvasesOf = (element: HTMLElement, selector: string): Drawn[] =>
  within<HTMLCanvasElement>(element, selector).map((canvas) => {
    const { width, height } = canvas
    const context = canvas.getContext('2d', { willReadFrequently: true })!
    const pixels = context.getImageData(0, 0, width, height).data.join()
    return { size: `${width} × ${height}`, pixels }
  })

const sizesOf = (element: HTMLElement, selector: string): string[] =>
  canvasesOf(element, selector).map(({ size }) => size)

const mapOf = (x: unknown, attributions: unknown): ReturnType<typeof attributionJson> =>
  attributionJson({ x: [x], attributions: [[attributions]] })

const everyPanel = '.panel canvas'

it.each(shapes)(
  'draws the map and the image of %i × %i pixels with %i channels first as with channels last',
  async (...shape) => {
    const [image, values] = randomImages(2, shape)
    const expected = await mounted('gl-attribution-image', { explanation: mapOf(image, values) })
    const explanation = mapOf(channelsFirst(image!), channelsFirst(values!))
    const found: readonly GlAttributionImage[] = [
      await mounted('gl-attribution-image', { explanation: withChannels(explanation, ['first']) }),
      await mounted('gl-attribution-image', { explanation, channels: 'first' }),
    ]
    const [height, width] = shape
    for (const element of found) {
      expect(element.toCSV()).toBe(expected.toCSV())
      expect(canvasesOf(element, everyPanel)).toEqual(canvasesOf(expected, everyPanel))
      expect(sizesOf(element, everyPanel)).toEqual([`${width} × ${height}`, `${width} × ${height}`])
    }
  },
)

it.each(shapes)(
  'draws similar examples of %i × %i pixels with %i channels first as with channels last',
  async (...shape) => {
    const images = randomImages(4, shape)
    const scores = [0.5, -2, 1.5, 0.25]
    const rank = (examples: readonly unknown[] | null): ReturnType<typeof rankingJson> =>
      rankingJson(scores, { examples, topK: 2 })
    const expected = await mounted('gl-similar-examples', { explanation: rank(images) })
    const first = images.map(channelsFirst)
    const listed = first.map((image) => ({
      data: Float32Array.from(image.flat(2)),
      shape: [shape[2], shape[0], shape[1]],
    }))
    const found: readonly GlSimilarExamples[] = [
      await mounted('gl-similar-examples', { explanation: withChannels(rank(first), ['first']) }),
      await mounted('gl-similar-examples', { explanation: rank(first), channels: 'first' }),
      await mounted('gl-similar-examples', {
        explanation: withChannels(rank(null), ['first']),
        examples: listed,
      }),
    ]
    for (const element of found) {
      expect(canvasesOf(element, 'canvas.picture')).toEqual(canvasesOf(expected, 'canvas.picture'))
    }
    const [height, width] = shape
    expect(sizesOf(expected, 'canvas.picture')).toEqual(
      Array.from({ length: 4 }, () => `${width} × ${height}`),
    )
  },
)

it('uses the channels of the chosen input, unless the attribute overrides them', async () => {
  const [image] = randomImages(1, [4, 3, 3])
  const { meta, data } = attributionJson({
    x: [[image], [channelsFirst(image!)]],
    attributions: [[image], [channelsFirst(image!)]],
  })
  const params = { ...(meta['params'] as object), channels: ['last', 'first'], input_count: 2 }
  const explanation = { meta: { ...meta, params }, data }
  const [one, other] = [
    await mounted('gl-attribution-image', { explanation, input: 0 }),
    await mounted('gl-attribution-image', { explanation, input: 1 }),
  ]
  expect(canvasesOf(other, everyPanel)).toEqual(canvasesOf(one, everyPanel))
  other.setAttribute('channels', 'last')
  await other.updateComplete
  expect(sizesOf(other, everyPanel)).toEqual(['4 × 3', '4 × 3'])
})

it.each([
  ['unknown', undefined],
  ['last', ['last']],
  ['first', ['first']],
] as const)(
  "draws a layer whose channels are %s, whatever the input's are",
  async (place, layerChannels) => {
    const [image, values] = randomImages(2, [4, 3, 3])
    const map = place === 'first' ? channelsFirst(values!) : values
    const { meta, data } = mapOf(channelsFirst(image!), map)
    const params = { ...(meta['params'] as object), channels: ['first'], layer: ['conv'] }
    const layer = layerChannels === undefined ? {} : { layerChannels }
    const explanation = { meta: { ...meta, params: { ...params, ...layer } }, data }
    const element = await mounted('gl-attribution-image', { explanation })
    expect(sizesOf(element, everyPanel)).toEqual(['3 × 4', '3 × 4'])
  },
)

it('draws each of several layers with its own channels, over the only input', async () => {
  const [image, values] = randomImages(2, [4, 3, 3])
  const attributions = [[values], [channelsFirst(values!)], [values]]
  const layered = (x: unknown, inputCount: number): ReturnType<typeof attributionJson> => {
    const { meta, data } = attributionJson({ x, attributions })
    const layers = { layer: ['a', 'b', 'c'], layerChannels: ['last', 'first', null] }
    const counted = { ...layers, input_count: inputCount }
    return { meta: { ...meta, params: { ...(meta['params'] as object), ...counted } }, data }
  }
  const only = layered([image], 1)
  const elements = await Promise.all(
    [0, 1, 2].map((input) => mounted('gl-attribution-image', { explanation: only, input })),
  )
  const [first, ...others] = elements.map((element) => canvasesOf(element, everyPanel))
  expect(first).toHaveLength(2)
  expect(others).toEqual([first, first])
  // A layer of a model with several inputs belongs to none of them.
  const several = layered([[image], [image], [image]], 3)
  const element = await mounted('gl-attribution-image', { explanation: several, input: 1 })
  expect(canvasesOf(element, everyPanel)).toHaveLength(1)
})

it.each(['gl-attribution-image', 'gl-similar-examples'] as const)(
  'refuses unknown channels in %s by name',
  async (tag) => {
    const [image] = randomImages(1, [4, 3, 3])
    const explanation = tag === 'gl-attribution-image' ? mapOf(image, image) : rankingJson()
    const refused = await mounted(tag, { explanation, channels: 'middle' as Channels })
    expect(textsOf(refused, '[role="alert"]')[0]).toContain(
      "channels: got 'middle'; expected one of 'first', 'last'",
    )
    const wrong = withChannels(explanation, ['middle'])
    const named = await mounted(tag, { explanation: wrong })
    expect(textsOf(named, '[role="alert"]')[0]).toContain(
      "meta.params.channels of the explanation: got 'middle'; expected a list of 'first' and 'last'",
    )
  },
)
