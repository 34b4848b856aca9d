/**
 * Writes the curvature (EK-FAC) of the training loss of the demo's models to public/<data set>/curvature.zarr. A page loads it
 * when influence is compared, and so need not estimate it. Also compares the influences with those of the exact curvature.
 * Run it again after a model is trained:
 *
 *     npm run curvatures [data set …]
 */
import '@tensorflow/tfjs-backend-wasm'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import type { TrainedName } from '../../demo/explaining/data-sets.js'
import { computeFiniteSpearman } from '../../src/evaluation/correlation.js'
import type { NdArray } from '../../src/index.js'
import { InfluenceFunctions, type InfluenceOptions } from '../../src/influence/index.js'
import { FileSystemStore } from '../../src/node/index.js'
import { readTrainingSet, useWasm } from './training-set.js'

/** The kept input eigenvectors of each layer. The wide layers of the images would take megabytes; all others are whole. */
const inputRanks: Readonly<Record<TrainedName, number | undefined>> = {
  mnist: 32,
  garments: 96,
  reviews: undefined,
  cars: undefined,
}
const storeDtype = 'float16'
/** That of the digits' gradients for similarity. */
const projection = { size: 432, seed: 0 }
const STORE = 'curvature.zarr'
const questionCount = 60
const topK = 5

await useWasm()
const named = argv.slice(2) as TrainedName[]
for (const name of named.length > 0 ? named : (Object.keys(inputRanks) as TrainedName[])) {
  const { folder, predictor, loss, x, y, heldOut } = await readTrainingSet(name)
  const task = name === 'cars' ? 'regression' : 'classification'
  const path = folder.file(STORE)
  rmSync(path, { recursive: true, force: true })
  const store = new FileSystemStore(path)
  const options: InfluenceOptions = { device: 'wasm', task, precomputeGrads: true }
  const inputRank = inputRanks[name]
  using writer = new InfluenceFunctions(predictor, loss, {
    ...{ ...options, inputRank, store, storeDtype },
  })
  await writer.fitCurvature(x, y)

  const questions = [takeFirst(heldOut.x), takeFirst(heldOut.y)] as const
  const rank = async (more: InfluenceOptions): Promise<Float64Array[]> => {
    using explainer = new InfluenceFunctions(predictor, loss, { ...options, ...more })
    await explainer.fit(x, y)
    return scoresOf(await explainer.explain(...questions))
  }
  const exact = await rank({})
  const compare = (found: readonly Float64Array[]): object => ({
    rankCorrelation: mean(exact.map((own, i) => computeFiniteSpearman(own, found[i]!))),
    recall: mean(exact.map((own, i) => shareFound(own, found[i]!))),
  })
  const measured = {
    ...{ questionCount, topK, stored: compare(await rank({ curvatureStore: store })) },
    // In place of a smaller curvature, the training gradients could be made smaller.
    projected: compare(await rank({ projection })),
  }
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
  const byteLength = files
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name: file }) => sum + statSync(join(parentPath, file)).size, 0)
  console.log(name, { byteLength, inputRank, ...measured })
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function takeFirst({ data, shape }: NdArray): NdArray {
  const size = data.length / shape[0]!
  return { data: data.slice(0, questionCount * size), shape: [questionCount, ...shape.slice(1)] }
}

/** The scores of each question, in the order of the training examples. */
function scoresOf({
  scores,
  orderedIndices,
}: {
  readonly scores: NdArray
  readonly orderedIndices: NdArray
}): Float64Array[] {
  const count = scores.shape[1]!
  return Array.from({ length: scores.shape[0]! }, (_, question) => {
    const own = new Float64Array(count)
    for (let k = question * count; k < (question + 1) * count; k++) {
      own[orderedIndices.data[k]!] = scores.data[k]!
    }
    return own
  })
}

/** The share of the highest scores that others find. */
function shareFound(exact: Float64Array, found: Float64Array): number {
  const highest = (scores: Float64Array): Set<number> => {
    const order = Uint32Array.from(scores, (_, i) => i)
    return new Set(order.sort((a, b) => scores[b]! - scores[a]!).subarray(0, topK))
  }
  const others = highest(found)
  return [...highest(exact)].filter((index) => others.has(index)).length / topK
}
