import { InvalidArgumentError } from '../../errors.js'
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
import { isImageShape } from '../base/picture/pixels.js'

/** A signed value for each pixel, and the image that they belong to. */
export interface SignedMap {
  readonly width: number
  readonly height: number
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
}

/** @throws InvalidArgumentError if the attributions are not those of an image */
export function createSignedMap(
  explanation: GivenExplanation,
  { index, input, image, labels, sign, clip }: SignedMapOptions,
): SignedMap {
  const attributions = getAttributions(explanation, input, index)
  const [height = 0, width = 0] = attributions.shape
  const rank = attributions.shape.length
  if ((rank !== 2 && rank !== 3) || height === 0 || width === 0) {
    throw new InvalidArgumentError(
      'attributions of the explanation',
      `${describe(attributions)} for an example`,
      'those of an image, [height, width] or [height, width, channels]; use <gl-attribution-bars> ' +
        'for rows and <gl-attribution-text> for texts',
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
  return {
    width,
    height,
    values,
    shown,
    limit,
    isClipped: findMagnitudeLimit(shown, 100) > limit,
    image: image ?? getImage(explanation, input, index),
    target: nameTarget(explanation, index, labels),
  }
}

function getImage(explanation: GivenExplanation, input: number, index: number): NdArray | null {
  const example = getExplainedExample(explanation, input, index)
  return example !== null && isImageShape(example.shape) ? example : null
}
