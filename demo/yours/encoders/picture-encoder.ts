import type { NdArray } from 'gradlens'
import type { PictureFile, RawLabels } from '../data/data-set.js'
import { decodePicture, type PictureSize } from '../data/decode-picture.js'
import { arrange, encodePictures, type PictureLayout } from '../data/encode-pictures.js'
import type { ScalingName } from '../data/scalings.js'
import { FileError, listPaths } from '../files/named-file.js'
import type { Asked, EncodedExample, Encoder, ShownExamples } from './encoder.js'

export interface PictureSource {
  /** [n, height, width, channels], 0 … 255. */
  readonly pixels: Uint8Array
  readonly labels: RawLabels
  readonly problems: readonly string[]
  /** The file of each picture; undefined for arrays. */
  readonly files: readonly PictureFile[] | undefined
}

export interface DecodeOptions {
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

/**
 * Decodes pictures in the model's size. Those that can't be decoded are left out.
 *
 * @throws FileError if none can be decoded, or only some are in folders
 */
export async function decodePictures(
  files: readonly PictureFile[],
  size: PictureSize,
  { signal, onProgress }: DecodeOptions,
): Promise<PictureSource> {
  const loose = files.filter(({ folder }) => folder === undefined)
  if (loose.length > 0 && loose.length < files.length) {
    throw new FileError(
      `${loose.length} of ${files.length} pictures are in no folder, so they have no class: ${listPaths(loose.map(({ path }) => path))}. Move them into the folders of their classes.`,
    )
  }
  const pictureSize = size.width * size.height * size.channels
  const pixels = new Uint8Array(files.length * pictureSize)
  const decoded: PictureFile[] = []
  const broken: string[] = []
  for (const [done, file] of files.entries()) {
    signal.throwIfAborted()
    try {
      pixels.set(await decodePicture(file.blob, size), decoded.length * pictureSize)
      decoded.push(file)
    } catch {
      broken.push(file.path)
    }
    onProgress(done + 1, files.length)
  }
  if (decoded.length === 0) {
    throw new FileError(
      `The browser can't decode ${listPaths(broken)}. Convert the pictures to PNG or JPEG.`,
    )
  }
  return {
    pixels: pixels.subarray(0, decoded.length * pictureSize),
    files: decoded,
    labels:
      loose.length > 0
        ? { kind: 'none' }
        : { kind: 'names', names: decoded.map(({ folder }) => folder ?? '') },
    problems:
      broken.length === 0
        ? []
        : [
            `${broken.length === 1 ? '1 picture' : `${broken.length} pictures`} can't be decoded and ${broken.length === 1 ? 'is' : 'are'} left out: ${listPaths(broken)}.`,
          ],
  }
}

/** Pictures, scaled as the model takes them. */
export class PictureEncoder implements Encoder {
  readonly featureNames = []
  readonly #source: PictureSource
  readonly #size: PictureSize
  readonly #layout: PictureLayout
  readonly #scaling: ScalingName

  constructor(
    source: PictureSource,
    size: PictureSize,
    layout: PictureLayout['layout'],
    scaling: ScalingName,
  ) {
    this.#source = source
    this.#size = size
    this.#layout = { ...size, layout }
    this.#scaling = scaling
  }

  get count(): number {
    return this.#source.pixels.length / this.#pictureSize
  }

  get labels(): RawLabels {
    return this.#source.labels
  }

  get problems(): readonly string[] {
    return this.#source.problems
  }

  get #pictureSize(): number {
    return this.#size.width * this.#size.height * this.#size.channels
  }

  encode(start: number, end: number): NdArray {
    return encodePictures(this.#pixels(start, end), this.#layout, this.#scaling)
  }

  async ask(asked: Asked): Promise<EncodedExample> {
    const pixels = await this.#pixelsOf(asked)
    const { height, width, channels } = this.#size
    return {
      x: encodePictures(pixels, this.#layout, this.#scaling),
      image: { data: Float32Array.from(pixels), shape: [height, width, channels] },
    }
  }

  show(indices: readonly number[]): ShownExamples {
    const size = this.#pictureSize
    const pixels = new Uint8Array(indices.length * size)
    indices.forEach((index, n) => {
      pixels.set(this.#pixels(index, index + 1), n * size)
    })
    const { data, shape } = arrange(pixels, this.#layout)
    return { data: Float32Array.from(data), shape }
  }

  async picture(index: number): Promise<Blob> {
    const file = this.#source.files?.[index]
    if (file !== undefined) return file.blob
    const { width, height, channels } = this.#size
    const pixels = this.#pixels(index, index + 1)
    const drawn = new ImageData(width, height)
    for (let i = 0; i < width * height; i++) {
      for (let channel = 0; channel < 3; channel++) {
        drawn.data[4 * i + channel] = pixels[i * channels + (channels === 1 ? 0 : channel)] ?? 0
      }
      drawn.data[4 * i + 3] = 255
    }
    const canvas = new OffscreenCanvas(width, height)
    canvas.getContext('2d')?.putImageData(drawn, 0, 0)
    return canvas.convertToBlob()
  }

  flat(pixel: number): NdArray {
    return encodePictures(
      new Uint8Array(this.#pictureSize).fill(pixel),
      this.#layout,
      this.#scaling,
    )
  }

  form(): readonly [] {
    return []
  }

  async #pixelsOf(asked: Asked): Promise<Uint8Array> {
    if (asked.kind === 'example') return this.#pixels(asked.index, asked.index + 1)
    if (asked.kind !== 'picture')
      throw new FileError('The model takes pictures. Choose or drop one.')
    try {
      return await decodePicture(asked.blob, this.#size)
    } catch (cause) {
      throw new FileError(
        'This file is not a picture that the browser can read. Try a JPEG or PNG.',
        { cause },
      )
    }
  }

  #pixels(start: number, end: number): Uint8Array {
    return this.#source.pixels.subarray(start * this.#pictureSize, end * this.#pictureSize)
  }
}
