/**
 * Measures how well smaller stores of the demo's gradients rank, with projectionQuality of
 * gradlens/evaluation, in Node on wasm. Prints the table of docs/reference/gradient-store.md:
 *
 *     npm run evaluate:projection [size …]
 */
import { argv } from 'node:process'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { projectionQuality } from '../../src/evaluation/index.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'
import { DataFolder } from '../data/data-folder.js'
import { formatFigure, formatTable, toArray } from './mnist-format.js'
import { toInput } from '../train/batches.js'
import { readModel } from '../train/model.js'

const SIZES = [512, 1024, 2048, 4096]
const SEED = 0
const SIM_FNS = ['grad_dot', 'grad_cos', 'grad_asym_dot'] as const

await tf.setBackend('wasm')
const folder = new DataFolder('mnist')
const predictor = tfjsPredictor(await readModel(folder))
const references = folder.readImages('references')
const x = await toArray(toInput(references))
const y = { data: Int32Array.from(references.labels), shape: [references.labels.length] }

const sizes = argv.length > 2 ? argv.slice(2).map(Number) : SIZES
const rows: string[][] = []
for (const storeDtype of ['float32', 'float16'] as const) {
  for (const size of [undefined, ...sizes]) {
    if (size === undefined && storeDtype === 'float32') continue
    const { similarities } = await projectionQuality(
      predictor,
      'sparseCategoricalCrossentropy',
      x,
      y,
      {
        projection: size === undefined ? undefined : { size, seed: SEED },
        storeDtype,
        device: 'wasm',
      },
    )
    rows.push([
      size === undefined ? 'all 10,900' : size.toLocaleString('en'),
      storeDtype,
      ...SIM_FNS.flatMap((simFn) => {
        const { recall, rankCorrelation } = similarities[simFn]
        return [formatFigure(recall), formatFigure(rankCorrelation)]
      }),
    ])
  }
}
const count = references.labels.length.toLocaleString('en')
console.log(
  formatTable(
    [
      `numbers per row, of ${count} training digits`,
      'dtype',
      ...SIM_FNS.flatMap((simFn) => [`\`${simFn}\`: recall@10`, 'rank correlation']),
    ],
    rows,
  ),
)
