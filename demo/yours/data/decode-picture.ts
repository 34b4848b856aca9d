/** How a picture becomes the model's size. */
export type PictureFit = 'stretch' | 'square'

export interface PictureSize {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly fit: PictureFit
}

/**
 * The pixels of a picture in the model's size, [height, width, channels], 0 … 255. Transparent
 * parts are white.
 *
 * @throws Error if the browser can't decode it
 */
export async function decodePicture(blob: Blob, size: PictureSize): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(blob)
  try {
    return drawPixels(bitmap, size)
  } finally {
    bitmap.close()
  }
}

function drawPixels(
  bitmap: ImageBitmap,
  { width, height, channels, fit }: PictureSize,
): Uint8Array {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error('This browser has no 2D canvas in workers.')
  context.imageSmoothingQuality = 'high'
  context.fillStyle = 'white'
  context.fillRect(0, 0, width, height)
  const scale = Math.max(width / bitmap.width, height / bitmap.height)
  const [cutWidth, cutHeight] =
    fit === 'stretch' ? [bitmap.width, bitmap.height] : [width / scale, height / scale]
  const [left, top] = [(bitmap.width - cutWidth) / 2, (bitmap.height - cutHeight) / 2]
  context.drawImage(bitmap, left, top, cutWidth, cutHeight, 0, 0, width, height)
  const { data } = context.getImageData(0, 0, width, height)
  const pixels = new Uint8Array(width * height * channels)
  for (let i = 0; i < width * height; i++) {
    const [red, green, blue] = [data[4 * i] ?? 0, data[4 * i + 1] ?? 0, data[4 * i + 2] ?? 0]
    if (channels === 1) {
      pixels[i] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue)
    } else {
      pixels[3 * i] = red
      pixels[3 * i + 1] = green
      pixels[3 * i + 2] = blue
    }
  }
  return pixels
}
