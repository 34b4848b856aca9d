import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'
import {
  attributionsOf,
  explainedExample,
  magnitudeLimit,
  ofSign,
  summedBehind,
  targetName,
  type Sign,
} from '../base/attributions.js'
import type { GivenExplanation } from '../base/explanation-source.js'
import { isImageShape } from '../base/picture/pixels.js'

/** A signed value for each pixel, and the picture that they are about. */
export interface SignedMap {
  readonly width: number
  readonly height: number
  /** Row by row, summed over the channels. */
  readonly values: Float64Array
  /** The same, without those of the sign that is not shown. */
  readonly shown: Float64Array
  /** The magnitude that has the strongest colour. */
  readonly limit: number
  /** Whether some magnitudes are above the limit. */
  readonly isClipped: boolean
  readonly image: NdArray | null
  /** The output that the values speak for or against; null: the only one. */
  readonly target: string | null
}

export interface SignedMapOptions {
  readonly index: number
  readonly input: number
  readonly image: NdArray | null
  readonly labels: readonly string[]
  readonly sign: Sign
  readonly clip: number
}

/** @throws InvalidArgumentError if the attributions are not those of a picture */
export function signedMap(
  explanation: GivenExplanation,
  { index, input, image, labels, sign, clip }: SignedMapOptions,
): SignedMap {
  const attributions = attributionsOf(explanation, input, index)
  const [height = 0, width = 0] = attributions.shape
  const rank = attributions.shape.length
  if ((rank !== 2 && rank !== 3) || height === 0 || width === 0) {
    throw new InvalidArgumentError(
      'attributions of the explanation',
      `${describe(attributions)} for an example`,
      'those of a picture, [height, width] or [height, width, channels]; rows are for ' +
        '<gl-attribution-bars>, texts for <gl-attribution-text>',
    )
  }
  if (image !== null && !isImageShape(image.shape)) {
    const expected = 'a picture: [height, width], or [height, width, channels] with 1, 3 or 4'
    throw new InvalidArgumentError('image', describe(image), expected)
  }
  const values = summedBehind(attributions, 2)
  const shown = ofSign(values, sign)
  const limit = magnitudeLimit(shown, clip)
  return {
    width,
    height,
    values,
    shown,
    limit,
    isClipped: magnitudeLimit(shown, 100) > limit,
    image: image ?? imageOf(explanation, input, index),
    target: targetName(explanation, index, labels),
  }
}

function imageOf(explanation: GivenExplanation, input: number, index: number): NdArray | null {
  const example = explainedExample(explanation, input, index)
  return example !== null && isImageShape(example.shape) ? example : null
}
