import type { NdArray } from 'gradlens'
import type { PictureSize } from './decode-picture.js'
import { scalings, type ScalingName } from './scalings.js'

export interface PictureLayout extends Omit<PictureSize, 'fit'> {
  /** Where the model has the channels. */
  readonly layout: 'first' | 'last'
}

/** Pixels [n, height, width, channels] as the model takes them. */
export function encodePictures(
  pixels: Uint8Array,
  layout: PictureLayout,
  scaling: ScalingName,
): NdArray {
  const { shift, divisor } = scalings[scaling]
  const { channels } = layout
  // A grey picture has the values of the green channel.
  const of = (channel: number): number => (channels === 1 ? 1 : channel)
  const data = new Float32Array(pixels.length)
  for (let channel = 0; channel < channels; channel++) {
    const [by, through] = [shift[of(channel)] ?? 0, divisor[of(channel)] ?? 1]
    for (let i = channel; i < pixels.length; i += channels) {
      data[i] = ((pixels[i] ?? 0) - by) / through
    }
  }
  return arrange(data, layout)
}

/** Pixels [n, height, width, channels] in the model's layout, unscaled. */
export function arrange<Numbers extends Float32Array | Uint8Array>(
  data: Numbers,
  { width, height, channels, layout }: PictureLayout,
): { data: Numbers; shape: number[] } {
  const plane = width * height
  const count = data.length / (plane * channels)
  if (layout === 'last' || channels === 1) {
    const own = layout === 'last' ? [height, width, channels] : [channels, height, width]
    return { data, shape: [count, ...own] }
  }
  const moved = data.slice() as Numbers
  for (let n = 0; n < count; n++) {
    const start = n * plane * channels
    for (let channel = 0; channel < channels; channel++) {
      for (let i = 0; i < plane; i++) {
        moved[start + channel * plane + i] = data[start + i * channels + channel] ?? 0
      }
    }
  }
  return { data: moved, shape: [count, channels, height, width] }
}
