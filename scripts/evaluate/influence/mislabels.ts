import { mislabelDetection } from '../../../src/evaluation/index.js'
import type { NdArray } from '../../../src/index.js'
import { rankSuspectLabels } from '../../../src/influence/index.js'
import { seededRandom, shuffledIndices } from '../../data/random.js'
import { formatFigure } from '../mnist-format.js'
import {
  disposeTrained,
  fitInfluence,
  fitSimilarity,
  labelsOf,
  type Trained,
  withTracIn,
} from './methods.js'
import { measureShareFitted, type RetrainedCase, trainCase } from './retrained-case.js'

const flippedShare = 0.1
const checked = [0.1, 0.2, 0.3]
const pointCount = 5

/** Means over the runs. */
export interface MislabelRow {
  readonly method: string
  readonly area: string
  /** The share of wrong labels found among 10, 20 and 30 % of the examples. */
  readonly found: readonly string[]
}

/** Changes a tenth of the labels to other classes, trains on them, and measures who finds them. */
export async function measureMislabels(
  trainedFully: RetrainedCase,
  runs: number,
): Promise<{ readonly rows: readonly MislabelRow[]; readonly fittedShare: number }> {
  const given = { ...trainedFully, epochs: trainedFully.mislabelledEpochs }
  const sums = new Map<string, number[]>()
  let fittedShare = 0
  for (let run = 0; run < runs; run++) {
    const { labels, isWrong } = flipLabels(given, 2000 + run)
    const all = Uint32Array.from(labels, (_, i) => i)
    const trained = trainCase(given, all, labels, 200 + run, pointCount)
    fittedShare += measureShareFitted(given, trained.net, labels, isWrong) / runs
    for (const [method, suspicions] of await suspect(trained, given, labels)) {
      const { area, found } = await mislabelDetection(suspicions, isWrong, { checked })
      const sum = sums.get(method) ?? [0, 0, 0, 0]
      sums.set(
        method,
        [area, ...found].map((value, i) => sum[i]! + value / runs),
      )
    }
    disposeTrained(trained)
    console.log(`${given.name}: flipped labels, run ${run + 1} of ${runs}`)
  }
  const rows = Array.from(sums, ([method, [area = 0, ...found]]) => ({
    method,
    area: formatFigure(area),
    found: found.map(formatFigure),
  }))
  return { rows, fittedShare }
}

function flipLabels(
  { labels, classCount }: RetrainedCase,
  seed: number,
): { readonly labels: Int32Array; readonly isWrong: Uint8Array } {
  const random = seededRandom(seed)
  const flipped = Int32Array.from(labels)
  const isWrong = new Uint8Array(labels.length)
  const order = shuffledIndices(labels.length, random)
  for (const i of order.subarray(0, Math.round(flippedShare * labels.length))) {
    flipped[i] = (labels[i]! + 1 + Math.floor(random() * (classCount - 1))) % classCount
    isWrong[i] = 1
  }
  return { labels: flipped, isWrong }
}

/** The scores of suspicion of each method. */
async function suspect(
  trained: Trained,
  given: RetrainedCase,
  labels: Int32Array,
): Promise<readonly (readonly [string, NdArray])[]> {
  using similarity = await fitSimilarity(trained, given, labels)
  const ranked = await rankSuspectLabels(similarity, given.x, labelsOf(labels))
  const disagreement = {
    data: (ranked.agreement.data as Float64Array).map((agreement) => -agreement),
    shape: ranked.agreement.shape,
  }
  const ofTracIn = await withTracIn(trained, given, labels, (tracIn) => tracIn.selfInfluence())
  using influence = await fitInfluence(trained, given, labels)
  const ofInfluence = await influence.selfInfluence()
  return [
    ['self-influence of `GradientSimilarity`, ‖g‖²', ranked.selfInfluence],
    [`self-influence of \`TracIn\`, ${pointCount} checkpoints`, ofTracIn.scores],
    ['self-influence of `InfluenceFunctions`, EK-FAC', ofInfluence.scores],
    ['disagreement of the neighbours by `grad_cos`', disagreement],
    ['`rankSuspectLabels`', ranked.scores],
  ]
}
