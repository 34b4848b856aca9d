import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as tf from '@tensorflow/tfjs'
import { Gradient, GradientSimilarity, IntegratedGradients, type NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { seededRandom } from '../../tests/support/random.js'

export interface SoakOptions {
  /** Classifies pictures of `size` × `size` × 3. */
  readonly model: tf.LayersModel
  readonly size: number
  readonly classCount: number
  /** How many explanations of random sizes follow one of the largest size of each kind. */
  readonly explanations: number
  readonly seed: number
  /** Called after each explanation. */
  readonly onProgress?: (done: number) => void
}

/** Memory in use at one moment, in bytes. */
export interface SoakMemory {
  readonly tensors: number
  readonly heap: number
  readonly resident: number
}

export interface SoakReport {
  readonly aborted: number
  /** After the largest explanation of each kind. */
  readonly before: SoakMemory
  readonly after: SoakMemory
  /** The messages of all errors but aborts. */
  readonly failures: readonly string[]
}

const largestFit = 3
const largestStepCount = 6
/** One of this number of explanations is aborted at a random moment. */
const abortedOf = 4

/** Explains on wasm with random explainers, sizes and aborts, and measures what stays in memory. */
export async function soakExplanations(options: SoakOptions): Promise<SoakReport> {
  const { model, size, classCount, explanations, seed, onProgress } = options
  const random = seededRandom(seed)
  const integer = (most: number): number => 1 + Math.floor(random() * most)
  const predictor = tfjsPredictor(model)
  const device = 'wasm'
  const pictures = (count: number): NdArray => ({
    data: Float32Array.from({ length: count * size * size * 3 }, () => 2 * random() - 1),
    shape: [count, size, size, 3],
  })
  const classes = (count: number): NdArray => ({
    data: Int32Array.from({ length: count }, () => integer(classCount) - 1),
    shape: [count],
  })
  const target = 0

  const kinds: readonly ((
    signal: AbortSignal,
    count: number,
    steps: number,
  ) => Promise<unknown>)[] = [
    async (signal, count) => {
      using similarity = new GradientSimilarity(predictor, 'sparseCategoricalCrossentropy', {
        ...{ device, precomputeGrads: true },
      })
      await similarity.fit(pictures(count), classes(count), { signal })
      await similarity.explain(pictures(1), undefined, { signal })
    },
    async (signal, _, nSteps) => {
      using integrated = new IntegratedGradients(predictor, { device, nSteps })
      await integrated.explain(pictures(1), { target, signal })
    },
    async (signal, count) => {
      using gradient = new Gradient(predictor, { device })
      await gradient.explain(pictures(count), { target, signal })
    },
  ]

  const durations: number[] = []
  for (const kind of kinds) {
    const run = (): Promise<unknown> =>
      kind(new AbortController().signal, largestFit, largestStepCount)
    // The first run also checks the model.
    await run()
    const startedAt = performance.now()
    await run()
    durations.push(performance.now() - startedAt)
  }
  const before = await readMemory()
  const failures: string[] = []
  let aborted = 0
  for (let k = 0; k < explanations; k++) {
    const controller = new AbortController()
    const number = integer(kinds.length) - 1
    const isAborted = integer(abortedOf) === 1
    // The first one at once, so that at least one is aborted on any machine.
    const delayMs = aborted === 0 ? 0 : random() * durations[number]!
    const timer = isAborted
      ? setTimeout(() => {
          controller.abort()
        }, delayMs)
      : undefined
    try {
      await kinds[number]!(controller.signal, integer(largestFit), integer(largestStepCount))
    } catch (error) {
      if (controller.signal.aborted && error === controller.signal.reason) aborted++
      else failures.push(String(error))
    } finally {
      clearTimeout(timer)
    }
    onProgress?.(k + 1)
  }
  return { aborted, before, after: await readMemory(), failures }
}

// Node's own garbage collector, without the option of its command line.
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

async function readMemory(): Promise<SoakMemory> {
  // What aborted calls have still to dispose of.
  await new Promise((resolve) => setTimeout(resolve, 100))
  collectGarbage()
  await new Promise((resolve) => setTimeout(resolve, 100))
  collectGarbage()
  const { wasm } = tf.engine().registry['wasm'] as unknown as { wasm: { HEAPU8: Uint8Array } }
  return {
    tensors: tf.memory().numTensors,
    heap: wasm.HEAPU8.byteLength,
    resident: process.memoryUsage().rss,
  }
}

/** How much more memory may be in use afterwards: what allocators keep, and what V8 has not yet collected. */
const heapGrowth = 1.05
const residentGrowth = 1.2

/** What the report has against it; empty if memory returned to its start and nothing failed. */
export function findSoakFaults({ before, after, failures }: SoakReport): string[] {
  const faults = failures.map((failure) => `it failed: ${failure}`)
  const compare = (name: keyof SoakMemory, growth: number): void => {
    if (after[name] <= before[name] * growth) return
    faults.push(`${name} grew from ${before[name]} to ${after[name]}`)
  }
  compare('tensors', 1)
  compare('heap', heapGrowth)
  compare('resident', residentGrowth)
  return faults
}
