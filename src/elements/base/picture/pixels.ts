import { InvalidArgumentError } from '../../../errors.js'
import type { NdArray } from '../../../ndarray.js'
import type { Rgb, Theme } from '../color/theme.js'

/** Pixels as RGBA, row by row: an ImageData, also where there is no page. */
export interface Raster {
  readonly width: number
  readonly height: number
  readonly data: Uint8ClampedArray<ArrayBuffer>
}

export function createRaster(width: number, height: number): Raster {
  return { width, height, data: new Uint8ClampedArray(width * height * 4) }
}

/** The values that are drawn as black and as white. */
export type ValueRange = readonly [black: number, white: number]

/**
 * The first usual range that contains the values, of [0, 1], [−1, 1] and [0, 255]; or their own
 * range.
 */
export function findRange(values: Iterable<number>): ValueRange {
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

/**
 * Whether an array of this shape is an image: [h, w], or [h, w, channels] with 1, 3 or 4 channels.
 */
export function isImageShape(shape: readonly number[]): boolean {
  const [, , channels = 1] = shape
  return shape.length === 2 || (shape.length === 3 && [1, 3, 4].includes(channels))
}

/**
 * The image of an array [h, w] or [h, w, channels], with 1 channel (grey), 3 (RGB) or 4 (RGBA).
 *
 * @param ink colours for one channel, which is then drawn as ink on paper: the value of black
 * becomes paper
 * @throws InvalidArgumentError for another shape
 */
export function createImage(
  { data, shape }: NdArray,
  [black, white]: ValueRange,
  ink: Pick<Theme, 'paper' | 'ink'> | null = null,
): Raster {
  const [height = 0, width = 0, channels = 1] = shape
  if (!isImageShape(shape) || height === 0 || width === 0) {
    const expected =
      'an image: [height, width], or [height, width, channels] with 1, 3 or 4 channels'
    throw new InvalidArgumentError('example', `shape [${shape.join(', ')}]`, expected)
  }
  const image = createRaster(width, height)
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
