/**
 * Writes the gradients of the demo's training digits, projected and in float16. The page's first
 * answer uses them, without a fit. Also compares them with the exact ones. Run it again after
 * train:mnist:
 *
 *     npm run gradients:mnist
 */
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { projectionQuality } from '../../src/evaluation/index.js'
import { GradientSimilarity } from '../../src/index.js'
import { FileSystemStore } from '../../src/node/index.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'
import { DataFolder } from '../data/data-folder.js'
import { CLASS_NAMES } from '../data/mnist-digits.js'
import { toArray } from '../evaluate/mnist-format.js'
import { toInput } from '../train/batches.js'
import { readModel } from '../train/model.js'

/** Of 10,900 numbers per digit. Less than a megabyte in total, so that the first visit stays small. */
const projection = { size: 432, seed: 0 }
const storeDtype = 'float16'
/** The same as in the demo's worker. */
const loss = 'categoricalCrossentropy'
const STORE = 'gradients.zarr'

const round = (value: number): number => Number(value.toFixed(4))

await tf.setBackend('wasm')
const folder = new DataFolder('mnist')
const predictor = tfjsPredictor(await readModel(folder))
const references = folder.readImages('references')
const x = await toArray(toInput(references))
const y = await toArray(tf.oneHot(tf.tensor1d([...references.labels], 'int32'), CLASS_NAMES.length))

const path = folder.file(STORE)
rmSync(path, { recursive: true, force: true })
using explainer = new GradientSimilarity(predictor, loss, {
  ...{ precomputeGrads: true, store: new FileSystemStore(path), projection, storeDtype },
  // The page already has the digits.
  storeExamples: false,
  // Two chunks: the second one loads while the first is compared.
  storeRowsPerChunk: references.labels.length / 2,
  device: 'wasm',
})
await explainer.fit(x, y)

using exact = new GradientSimilarity(predictor, loss, { precomputeGrads: true, device: 'wasm' })
await exact.fit(x, y)
/** A row in memory has float32 numbers and a squared norm of eight bytes. */
const exactNumbersPerRow = (exact.gradientBytes / references.labels.length - 8) / 4

const { sampleSize, topK, similarities } = await projectionQuality(predictor, loss, x, y, {
  ...{ projection, storeDtype, device: 'wasm' },
})
const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) =>
  entry.isFile(),
)
await folder.writeJson('gradients.json', {
  store: STORE,
  byteLength: files.reduce(
    (sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size,
    0,
  ),
  projection,
  dtype: storeDtype,
  exactNumbersPerRow,
  measured: {
    sampleSize,
    topK,
    similarities: Object.fromEntries(
      Object.entries(similarities).map(([simFn, { recall, rankCorrelation }]) => [
        simFn,
        { recall: round(recall), rankCorrelation: round(rankCorrelation) },
      ]),
    ),
  },
  command: 'npm run gradients:mnist',
})
console.log(similarities)
