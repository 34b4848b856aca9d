import { GradientSimilarity, IntegratedGradients, type NdArray, type Predictor } from 'gradlens'
import { connectPredictor } from 'gradlens/worker'
import workerUrl from './explain-worker.ts?worker&url'
import { createPredictor } from './explainers.js'

interface MeasuredFit {
  /** The first fit, with its checks. */
  readonly startMs: number
  readonly fitMsPerExample: number
  readonly integratedMs: number
}

const pictures = (count: number, size: number): NdArray => ({
  data: Float32Array.from({ length: count * size * size * 3 }, (_, k) => Math.sin(k * 12.9898)),
  shape: [count, size, size, 3],
})
const classes = (count: number): NdArray => ({
  data: Int32Array.from({ length: count }, (_, k) => (k * 7) % 1000),
  shape: [count],
})

interface Options {
  readonly size: number
  readonly examples: number
  readonly steps: number
}

/**
 * Loads the model into `workerCount` workers, or into the page for 0. Returns the work to measure, without loading: it
 * fits and attributes.
 */
async function prepareWorkers(
  workerCount: number,
  { size, examples, steps }: Options,
): Promise<() => Promise<MeasuredFit>> {
  const startWorker = (): Worker => new Worker(workerUrl, { type: 'module', name: String(size) })
  const connected =
    workerCount > 0
      ? await connectPredictor(Array.from({ length: workerCount }, startWorker))
      : undefined
  const predictor: Predictor = connected ?? (await createPredictor(size))
  const device = 'wasm'
  const firstCount = 2 * Math.max(1, workerCount)
  const [first, x, question] = [firstCount, examples, 1].map((count) => pictures(count, size))
  return async () => {
    const startedAt = performance.now()
    using similarity = new GradientSimilarity(predictor, 'sparseCategoricalCrossentropy', {
      ...{ device, precomputeGrads: true },
    })
    await similarity.fit(first!, classes(firstCount))
    const startMs = performance.now() - startedAt
    const fitAt = performance.now()
    await similarity.fit(x!, classes(examples))
    const fitMsPerExample = (performance.now() - fitAt) / examples
    using integrated = new IntegratedGradients(predictor, { device, nSteps: steps })
    await integrated.explain(question!, { target: 3 })
    const integratedAt = performance.now()
    await integrated.explain(question!, { target: 3 })
    const integratedMs = performance.now() - integratedAt
    connected?.[Symbol.dispose]()
    return { startMs, fitMsPerExample, integratedMs }
  }
}

declare global {
  interface Window {
    prepareWorkers: typeof prepareWorkers
    measurePrepared: () => Promise<MeasuredFit>
  }
}

Object.assign(window, { prepareWorkers })
