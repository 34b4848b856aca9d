import { InvalidArgumentError } from '../../errors.js'
import { isRecord } from '../../is-record.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'
import {
  getAttributions,
  getExplainedExample,
  findMagnitudeLimit,
  keepSign,
  sumTrailingAxes,
  nameTarget,
  type Sign,
} from '../base/attributions.js'
import type { GivenExplanation } from '../base/explanation-source.js'
import {
  type Channels,
  moveChannelsLast,
  readChannels,
  readLayerChannels,
} from '../base/picture/channels.js'
import { isImageShape } from '../base/picture/pixels.js'

/**
 * A signed value for each pixel, or for each cell of a layer, and the image that they belong to. Cells divide
 * the image evenly.
 */
export interface SignedMap {
  readonly width: number
  readonly height: number
  /** The width of the picture for a height of 1. */
  readonly aspect: number
  /** What has a value: a 'pixel' of the image, or a larger 'cell' of it. */
  readonly unit: 'pixel' | 'cell'
  /** Row by row, summed over the channels. */
  readonly values: Float64Array
  /** The same values, with zeros for a sign that is not shown. */
  readonly shown: Float64Array
  /** The magnitude of the strongest colour. */
  readonly limit: number
  /** Whether some magnitudes exceed the limit. */
  readonly isClipped: boolean
  readonly image: NdArray | null
  /** The name of the explained output; null if the model has a single output. */
  readonly target: string | null
}

export interface SignedMapOptions {
  readonly index: number
  readonly input: number
  readonly image: NdArray | null
  readonly labels: readonly string[]
  readonly sign: Sign
  readonly clip: number
  readonly channels: Channels | null
}

/** @throws InvalidArgumentError if the attributions are not those of an image */
export function createSignedMap(
  explanation: GivenExplanation,
  { index, input, image, labels, sign, clip, channels }: SignedMapOptions,
): SignedMap {
  const given = getAttributions(explanation, input, index)
  const isLayer = isOfLayer(explanation)
  const read = isLayer ? readLayerChannels : readChannels
  const attributions = moveChannelsLast(given, read(channels, explanation, input))
  const [height = 0, width = 0] = attributions.shape
  const rank = attributions.shape.length
  if ((rank !== 2 && rank !== 3) || height === 0 || width === 0) {
    throw new InvalidArgumentError(
      'attributions of the explanation',
      `${describe(given)} for an example`,
      "those of an image, [height, width] or [height, width, channels], or with channels 'first' " +
        '[channels, height, width]; use <gl-attribution-bars> for rows and <gl-attribution-text> for texts',
    )
  }
  if (image !== null && !isImageShape(image.shape)) {
    const expected =
      'an image: [height, width], or [height, width, channels] with 1, 3 or 4 channels'
    throw new InvalidArgumentError('image', describe(image), expected)
  }
  const values = sumTrailingAxes(attributions, 2)
  const shown = keepSign(values, sign)
  const limit = findMagnitudeLimit(shown, clip)
  const picture = image ?? getImage(explanation, isLayer ? 'only' : input, index, channels)
  const [imageHeight = height, imageWidth = width] = picture?.shape ?? []
  return {
    width,
    height,
    aspect: imageWidth / imageHeight,
    unit: width === imageWidth && height === imageHeight ? 'pixel' : 'cell',
    values,
    shown,
    limit,
    isClipped: findMagnitudeLimit(shown, 100) > limit,
    image: picture,
    target: nameTarget(explanation, index, labels),
  }
}

/** Whether the attributions are those of layers, which have the layers' axes. */
const isOfLayer = ({ meta: { params } }: GivenExplanation): boolean =>
  isRecord(params) && params['layer'] !== undefined && params['layer'] !== null

/** @param input the position of the input; 'only' for a layer, which belongs to no input of several */
function getImage(
  explanation: GivenExplanation,
  input: number | 'only',
  index: number,
  channels: Channels | null,
): NdArray | null {
  const { x } = explanation.data
  if (input === 'only' && Array.isArray(x) && x.length > 1) return null
  const position = input === 'only' ? 0 : input
  const example = getExplainedExample(explanation, position, index)
  if (example === null) return null
  const image = moveChannelsLast(example, readChannels(channels, explanation, position))
  return isImageShape(image.shape) ? image : null
}
