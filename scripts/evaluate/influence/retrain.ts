import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom, shuffledIndices } from '../../data/random.js'
import { measureOutputs, type RetrainedCase, trainCase } from './retrained-case.js'

/** Models trained on random halves of the training examples. */
export interface Retrained {
  /** Per model, the indices of its examples. */
  readonly subsets: readonly Uint32Array[]
  /** [models][test examples]: minus the loss. */
  readonly outputs: readonly Float32Array[]
}

/** Outputs of trained models, from which an interrupted evaluation is resumed. */
const cacheFolder = join('node_modules', '.cache', 'gradlens-influence')

/** Draws the first half of a shuffle as the examples of model number k. */
export function drawSubset(exampleCount: number, k: number): Uint32Array {
  const order = shuffledIndices(exampleCount, seededRandom(1000 + k))
  return order.slice(0, exampleCount / 2).sort((a, b) => a - b)
}

/** Trains a model on each subset, or reads its outputs from an earlier run. */
export function retrainOnSubsets(given: RetrainedCase, modelCount: number): Retrained {
  const { labels, x, epochs, batchSize, learningRate } = given
  const recipe = JSON.stringify({ epochs, batchSize, learningRate })
  const hash = createHash('sha256').update(recipe).update(new Uint8Array(x.data.buffer))
  const folder = join(cacheFolder, `${given.name}-${hash.digest('hex').slice(0, 12)}`)
  mkdirSync(folder, { recursive: true })
  const subsets = Array.from({ length: modelCount }, (_, k) => drawSubset(labels.length, k))
  const outputs = subsets.map((subset, k) => {
    const file = join(folder, `${k}.json`)
    if (existsSync(file))
      return Float32Array.from(JSON.parse(readFileSync(file, 'utf8')) as number[])
    const own = Int32Array.from(subset, (row) => labels[row]!)
    const { net } = trainCase(given, subset, own, 100 + k)
    const measured = measureOutputs(given, net)
    net.dispose()
    writeFileSync(file, JSON.stringify([...measured]))
    console.log(`${given.name}: model ${k + 1} of ${modelCount}`)
    return measured
  })
  return { subsets, outputs }
}
