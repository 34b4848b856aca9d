import { GradientSimilarity, IntegratedGradients, type NdArray, type Predictor } from 'gradlens'
import { connectPredictor } from 'gradlens/worker'
import workerUrl from './explain-worker.ts?worker&url'
import { createPredictor } from './explainers.js'

export interface MeasuredFit {
  /** From the connection to the end of the first fit, with its checks. */
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

/** Fits and attributes with the model in so many workers, or in the page for 0. */
async function measureWorkers(
  workerCount: number,
  { size, examples, steps }: { size: number; examples: number; steps: number },
): Promise<MeasuredFit> {
  const startWorker = (): Worker => new Worker(workerUrl, { type: 'module', name: String(size) })
  const startedAt = performance.now()
  const connected =
    workerCount > 0
      ? await connectPredictor(Array.from({ length: workerCount }, startWorker))
      : undefined
  const predictor: Predictor = connected ?? (await createPredictor(size))
  const device = 'wasm'
  const [x, y] = [pictures(examples, size), classes(examples)]
  using similarity = new GradientSimilarity(predictor, 'sparseCategoricalCrossentropy', {
    ...{ device, precomputeGrads: true },
  })
  await similarity.fit(
    pictures(2 * Math.max(1, workerCount), size),
    classes(2 * Math.max(1, workerCount)),
  )
  const startMs = performance.now() - startedAt
  const fitAt = performance.now()
  await similarity.fit(x, y)
  const fitMsPerExample = (performance.now() - fitAt) / examples
  using integrated = new IntegratedGradients(predictor, { device, nSteps: steps })
  await integrated.explain(pictures(1, size), { target: 3 })
  const integratedAt = performance.now()
  await integrated.explain(pictures(1, size), { target: 3 })
  const integratedMs = performance.now() - integratedAt
  connected?.[Symbol.dispose]()
  return { startMs, fitMsPerExample, integratedMs }
}

declare global {
  interface Window {
    readonly measureWorkers: typeof measureWorkers
  }
}

Object.assign(window, { measureWorkers })
