import { InvalidArgumentError } from '../../../errors.js'
import type { NdArray } from '../../../ndarray.js'
import type { Rgb, Theme } from '../color/theme.js'

/** The values of black and of white. */
export type ValueRange = readonly [black: number, white: number]

/** The usual range that holds the values: [0, 1], [−1, 1] or [0, 255]; else from the least to the greatest of them. */
export function rangeOf(values: Iterable<number>): ValueRange {
  let least = Infinity
  let greatest = -Infinity
  for (const value of values) {
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  const usual = ([0, -1] as const).find((black) => least >= black && greatest <= 1)
  if (usual !== undefined) return [usual, 1]
  if (least >= 0 && greatest <= 255) return [0, 255]
  return Number.isFinite(least) && Number.isFinite(greatest) ? [least, greatest] : [0, 1]
}

/** Whether an array of that shape is a picture: [h, w], or [h, w, channels] with 1, 3 or 4 of them. */
export function isImageShape(shape: readonly number[]): boolean {
  const [, , channels = 1] = shape
  return shape.length === 2 || (shape.length === 3 && [1, 3, 4].includes(channels))
}

/**
 * The picture of an array [h, w], or [h, w, channels] with 1 (grey), 3 (red, green, blue) or 4 (and alpha).
 *
 * @param ink one channel is drawn as ink on paper, in the theme's colours: black's value is paper
 * @throws InvalidArgumentError for another shape
 */
export function imageOf(
  { data, shape }: NdArray,
  [black, white]: ValueRange,
  ink: Pick<Theme, 'paper' | 'ink'> | null = null,
): ImageData {
  const [height = 0, width = 0, channels = 1] = shape
  if (!isImageShape(shape) || height === 0 || width === 0) {
    const expected = 'a picture: [height, width], or [height, width, channels] with 1, 3 or 4'
    throw new InvalidArgumentError('example', `shape [${shape.join(', ')}]`, expected)
  }
  const image = new ImageData(width, height)
  const dark: Rgb = ink?.paper ?? [0, 0, 0]
  const light: Rgb = ink?.ink ?? [255, 255, 255]
  const share = (offset: number): number => (data[offset]! - black) / (white - black || 1)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = pixel * channels
    for (let channel = 0; channel < 3; channel++) {
      image.data[pixel * 4 + channel] =
        channels < 3
          ? dark[channel]! + (light[channel]! - dark[channel]!) * share(at)
          : 255 * share(at + channel)
    }
    image.data[pixel * 4 + 3] = channels === 4 ? 255 * share(at + 3) : 255
  }
  return image
}
