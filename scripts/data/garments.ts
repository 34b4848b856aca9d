/**
 * Writes the demo's garments to public/garments/ from Fashion-MNIST (31 MB). It fetches the data
 * from the authors' repository, or reads them from a folder such as that of Debian's package:
 *
 *     npm run data:garments
 *     apt-get download dataset-fashion-mnist && dpkg-deb -x dataset-fashion-mnist_*.deb unpacked
 *     npm run data:garments unpacked/usr/share/datasets/fashion-mnist
 */
import { argv } from 'node:process'
import { DataFolder } from './data-folder.js'
import { CLASS_NAMES, SOURCE_ADDRESS, SPLIT_SEED, readGarments } from './garments-images.js'
import { PIXEL_MAXIMUM } from './images.js'

const folder = new DataFolder('garments')
const { training, references, heldOut } = await readGarments(argv[2] ?? SOURCE_ADDRESS)
await folder.writeJson('index.json', {
  source: {
    name: 'Fashion-MNIST',
    url: 'https://github.com/zalandoresearch/fashion-mnist',
    licence: 'MIT',
    licenceFile: 'LICENSE',
    imageCount: 70_000,
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
  `${references.labels.length} references and ${heldOut.labels.length} held-out garments in ${folder.path}`,
)
