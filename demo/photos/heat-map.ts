import type { NdArray } from 'gradlens'
import { photoSide } from './photo.js'

/**
 * The attributions of a layer [1, channels, h, w] as those of the photo's pixels [1, 224, 224]. Each
 * cell's sum over the channels is spread evenly over its pixels, so that the total stays the same.
 */
export function spreadCells({ data, shape }: NdArray): NdArray {
  const [, channels = 0, height = 0, width = 0] = shape
  const cells = new Float64Array(height * width)
  for (let channel = 0; channel < channels; channel++) {
    for (let cell = 0; cell < cells.length; cell++) {
      cells[cell] = (cells[cell] ?? 0) + (data[channel * cells.length + cell] ?? 0)
    }
  }
  const [down, across] = [photoSide / height, photoSide / width]
  const values = new Float32Array(photoSide * photoSide)
  for (let y = 0; y < photoSide; y++) {
    for (let x = 0; x < photoSide; x++) {
      const cell = Math.floor(y / down) * width + Math.floor(x / across)
      values[y * photoSide + x] = (cells[cell] ?? 0) / (down * across)
    }
  }
  return { data: values, shape: [1, photoSide, photoSide] }
}
