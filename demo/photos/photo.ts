import type { NdArray } from 'gradlens'

/** The side of the photos that the model takes, in pixels. */
const photoSide = 224

/** A photo of 224 × 224 pixels. */
export interface Photo {
  /** What the photo shows, in words: 'a cat', or 'your photo'. */
  readonly title: string
  readonly pixels: ImageData
}

/** Scales the middle square of a picture to 224 × 224 pixels. */
export function cropPhoto(source: ImageBitmap | HTMLVideoElement, title: string): Photo {
  const [width, height] =
    source instanceof HTMLVideoElement
      ? [source.videoWidth, source.videoHeight]
      : [source.width, source.height]
  const side = Math.min(width, height)
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = photoSide
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null || side === 0) throw new Error('This picture could not be drawn.')
  context.imageSmoothingQuality = 'high'
  // Transparent pictures are shown on white.
  context.fillStyle = 'white'
  context.fillRect(0, 0, photoSide, photoSide)
  const corner = [(width - side) / 2, (height - side) / 2] as const
  context.drawImage(source, ...corner, side, side, 0, 0, photoSide, photoSide)
  return { title, pixels: context.getImageData(0, 0, photoSide, photoSide) }
}

/** @throws Error if the file is not a picture that the browser can read */
export async function readPhoto(file: Blob, title: string): Promise<Photo> {
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(file)
  } catch (cause) {
    throw new Error('This file is not a picture that the browser can read. Try a JPEG or PNG.', {
      cause,
    })
  }
  try {
    return cropPhoto(bitmap, title)
  } finally {
    bitmap.close()
  }
}

/** The photos as the model takes them: [n, 3, 224, 224], (rgb − 127) / 128. */
export function encodePhotos(photos: readonly Photo[]): NdArray {
  const plane = photoSide * photoSide
  const data = new Float32Array(photos.length * 3 * plane)
  photos.forEach(({ pixels }, n) => {
    for (let channel = 0; channel < 3; channel++) {
      const start = (n * 3 + channel) * plane
      for (let pixel = 0; pixel < plane; pixel++) {
        data[start + pixel] = ((pixels.data[pixel * 4 + channel] ?? 0) - 127) / 128
      }
    }
  })
  return { data, shape: [photos.length, 3, photoSide, photoSide] }
}
