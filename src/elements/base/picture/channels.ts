import { InvalidArgumentError } from '../../../errors.js'
import { isRecord } from '../../../is-record.js'
import type { NdArray } from '../../../ndarray.js'
import { describe, readChoice } from '../../../options.js'
import type { GivenExplanation } from '../explanation-source.js'

/** Which axis of an image has its channels: [channels, height, width] or [height, width, channels]. */
export type Channels = 'first' | 'last'

const places: readonly Channels[] = ['first', 'last']

/**
 * The axis of an element's `channels`; without it, that of the explained input; 'last' if the
 * explanation does not name one either.
 *
 * @throws InvalidArgumentError for an unknown axis
 */
export function readChannels(
  channels: Channels | null,
  { meta }: GivenExplanation,
  input: number,
): Channels {
  return readListed('channels', channels, meta, input)
}

/** The axis of an element's `channels`; without it, that of the explained layer, or 'last'. */
export const readLayerChannels = (
  channels: Channels | null,
  { meta }: GivenExplanation,
  position: number,
): Channels => readListed('layerChannels', channels, meta, position)

function readListed(
  name: 'channels' | 'layerChannels',
  channels: Channels | null,
  { params }: GivenExplanation['meta'],
  position: number,
): Channels {
  if (channels !== null) return readChoice('channels', channels, places)
  const listed = isRecord(params) ? params[name] : undefined
  if (listed === undefined || listed === null) return 'last'
  const own: unknown = Array.isArray(listed) ? (listed[position] ?? 'last') : listed
  const place = places.find((each) => each === own)
  if (place !== undefined) return place
  throw new InvalidArgumentError(
    `meta.params.${name} of the explanation`,
    describe(own),
    "a list of 'first' and 'last'",
  )
}

/** An image [channels, height, width] as [height, width, channels]. Other arrays stay as they are. */
export function moveChannelsLast(array: NdArray, channels: Channels): NdArray {
  const { data, shape } = array
  if (channels === 'last' || shape.length !== 3) return array
  const [count, height, width] = shape as [number, number, number]
  const pixelCount = height * width
  const moved = data.slice()
  for (let channel = 0; channel < count; channel++) {
    for (let pixel = 0; pixel < pixelCount; pixel++) {
      moved[pixel * count + channel] = data[channel * pixelCount + pixel]!
    }
  }
  return { data: moved, shape: [height, width, count] }
}
