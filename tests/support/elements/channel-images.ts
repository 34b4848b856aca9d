import type { ExplanationJson } from '../../../src/explanation.js'
import { seededRandom, uniform } from '../random.js'

type Image = readonly (readonly (readonly number[])[])[]

/** Images [height, width, channels] of random numbers from 0 to 1. */
export function randomImages(count: number, shape: readonly [number, number, number]): Image[] {
  const random = seededRandom(31)
  const [height, width, channels] = shape
  return Array.from({ length: count }, () =>
    Array.from({ length: height }, () =>
      Array.from({ length: width }, () => [...uniform(random, channels, [0, 1])]),
    ),
  )
}

/** The image [height, width, channels] as [channels, height, width]. */
export const channelsFirst = (image: Image): Image =>
  image[0]![0]!.map((_, channel) => image.map((row) => row.map((pixel) => pixel[channel]!)))

/** The explanation with that list of channels in its parameters, as the explainers write it. */
export const withChannels = (
  { meta, data }: ExplanationJson,
  channels: unknown,
): ExplanationJson => ({
  meta: { ...meta, params: { ...(meta['params'] as object), channels } },
  data,
})
