import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { sha256 } from './data-folder.js'
import {
  IMAGE_SHAPE,
  PIXELS_PER_IMAGE,
  assertDistinct,
  shuffleImages,
  takeImages,
  takeRounds,
  type LabelledImages,
} from './images.js'
import { seededRandom } from './random.js'
import type { ImageSets } from '../train/train-and-write.js'

/** Fashion-MNIST's own names, in the order of its labels. */
export const CLASS_NAMES: readonly string[] = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
]
export const SPLIT_SEED = 1
export const SOURCE_ADDRESS =
  'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/'

const TRAINING_COUNT = 30_000
const HELD_OUT_COUNT = 500
const REFERENCES_PER_CLASS = 100

/**
 * An IDX file starts with its magic number and the length of each axis, four bytes each,
 * big-endian.
 */
const IMAGES_MAGIC = 0x0803
const LABELS_MAGIC = 0x0801

/** The hashes of the unpacked files. Compressing them again gives different bytes. */
const checksums: Readonly<Record<string, string>> = {
  'train-images-idx3-ubyte': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  'train-labels-idx1-ubyte': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  't10k-images-idx3-ubyte': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  't10k-labels-idx1-ubyte': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
}

/**
 * Reads the garments for training, ranking and testing. The held-out ones are from Fashion-MNIST's
 * own test set, and were never used to choose a model.
 *
 * @param source the folder of the four gzipped files, or the http(s) address of one, with a slash
 *   at its end
 */
export async function readGarments(source: string): Promise<ImageSets> {
  const random = seededRandom(SPLIT_SEED)
  const all = shuffleImages(await readSet(source, 'train'), random)
  const test = shuffleImages(await readSet(source, 't10k'), random)
  const training = firstOf(all, TRAINING_COUNT)
  const heldOut = firstOf(test, HELD_OUT_COUNT)
  assertDistinct(training, heldOut)
  return {
    training,
    heldOut,
    references: takeRounds(training, CLASS_NAMES.length, REFERENCES_PER_CLASS),
  }
}

function firstOf(set: LabelledImages, count: number): LabelledImages {
  return takeImages(
    set,
    Uint32Array.from({ length: count }, (_, index) => index),
  )
}

async function readSet(source: string, name: 'train' | 't10k'): Promise<LabelledImages> {
  const [images, labels] = await Promise.all([
    readIdx(source, `${name}-images-idx3-ubyte`, IMAGES_MAGIC),
    readIdx(source, `${name}-labels-idx1-ubyte`, LABELS_MAGIC),
  ])
  if (images.length !== labels.length * PIXELS_PER_IMAGE) {
    throw new Error(`${name}: ${images.length} pixels for ${labels.length} labels`)
  }
  return { images, labels }
}

/** Returns the bytes after an IDX file's header, in row-major order. */
async function readIdx(source: string, name: string, magic: number): Promise<Uint8Array> {
  const bytes = gunzipSync(await readPacked(source, `${name}.gz`))
  const found = sha256(bytes)
  if (found !== checksums[name]) {
    throw new Error(`${name} has the SHA-256 ${found}; want ${String(checksums[name])}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const axisCount = magic & 0xff
  if (view.getUint32(0) !== magic) throw new Error(`${name} is not an IDX file of bytes`)
  if (magic === IMAGES_MAGIC && view.getUint32(8) !== IMAGE_SHAPE[0]) {
    throw new Error(`${name}: images of ${view.getUint32(8)} rows; want 28`)
  }
  return bytes.subarray(4 + 4 * axisCount)
}

async function readPacked(source: string, file: string): Promise<Uint8Array> {
  if (!/^https?:/.test(source)) return readFileSync(join(source, file))
  const url = new URL(file, source)
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url.href}: the server answered ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}
