import type { Tensor } from '@tensorflow/tfjs'
import { GradientSimilarity, type NdArray } from 'gradlens'
import type { DeviceChoice } from '../settings.js'
import { toCloneable } from './cloneable.js'
import type { DataSet } from './data-sets.js'
import { reportDevice } from './device-report.js'
import { encodeOneHot, findGreatest, sliceExamples } from './label-arrays.js'
import type { DemoPredictor } from './model.js'
import type { OpenDevice } from './open-device.js'
import type { Fit } from './protocol.js'
import { createRetryable } from './retryable.js'
import type { Handlers } from './serve.js'
import { openStoredGradients } from './stored-gradients.js'

/** The number of training examples that are predicted at once. */
const predictionBatch = 50

interface Fitted {
  readonly key: string
  readonly explainer: GradientSimilarity<Tensor>
  readonly fit: Fit
}

/**
 * Opens the stored gradients of the training examples, or computes them once, and then ranks them
 * for each question.
 */
export function createRanking(
  folder: string,
  dataSet: DataSet,
  predictor: () => Promise<DemoPredictor>,
  open: (choice: DeviceChoice) => Promise<OpenDevice>,
): Pick<Handlers, 'fit' | 'rank'> {
  const { task, loss } = dataSet
  const references = createRetryable(() => dataSet.loadReferences(folder))
  let fitted: Fitted | undefined

  return {
    async fit({ references: count, gradients, device }, { signal, onProgress }) {
      const key = `${device} ${count} ${gradients}`
      if (fitted?.key === key) return fitted.fit
      const all = await references()
      const x = sliceExamples(all.x, 0, count)
      const y = sliceExamples(all.y, 0, count)
      const startedAt = performance.now()
      // The store contains the gradients of all training examples.
      const isStored =
        gradients === 'stored' && dataSet.hasStore === true && count === all.y.shape[0]
      const opened = isStored
        ? await openStoredGradients(folder, dataSet, await predictor(), device, signal)
        : undefined
      const explainer =
        opened?.explainer ??
        new GradientSimilarity(await predictor(), loss, { precomputeGrads: true, device, task })
      try {
        if (opened?.explainer === undefined) await explainer.fit(x, y, { signal, onProgress })
        const durationMs = performance.now() - startedAt
        const predictions = await predictAll(await open(device), x, task, signal)
        const stored = opened?.report ?? null
        const report = {
          ...{ ...reportDevice(explainer), durationMs, stored },
          storedByteLength: stored?.byteLength ?? explainer.gradientBytes,
          storeFailure: opened?.failure ?? null,
        }
        fitted?.explainer.dispose()
        fitted = { key, explainer, fit: { ...report, references: count, predictions } }
        return fitted.fit
      } catch (error) {
        explainer.dispose()
        throw error
      }
    },

    async rank({ input, label: asked, simFn, device }, { signal }) {
      if (fitted === undefined) throw new Error('rank was called before fit.')
      const startedAt = performance.now()
      const { session } = await open(device)
      const label = asked ?? getAnswer((await session.predict([input], {})).data, task)
      const classCount = (await references()).y.shape[1] ?? 1
      const y =
        task === 'classification'
          ? encodeOneHot([label], classCount)
          : { data: Float32Array.of(label), shape: [1, 1] }
      const explanation = await fitted.explainer.explain(input, y, { signal, simFn })
      const durationMs = performance.now() - startedAt
      return { explanation: toCloneable(explanation), simFn, label, durationMs }
    },
  }
}

async function predictAll(
  { session }: OpenDevice,
  x: NdArray,
  task: DataSet['task'],
  signal: AbortSignal,
): Promise<Float32Array> {
  const [count = 0] = x.shape
  const answers = new Float32Array(count)
  for (let start = 0; start < count; start += predictionBatch) {
    const end = Math.min(start + predictionBatch, count)
    const { data } = await session.predict([sliceExamples(x, start, end)], {})
    signal.throwIfAborted()
    const width = data.length / (end - start)
    for (let i = 0; i < end - start; i++) {
      answers[start + i] = getAnswer(data.subarray(i * width, (i + 1) * width), task)
    }
  }
  return answers
}

/** The class of the greatest probability, or the value. */
function getAnswer(outputs: ArrayLike<number>, task: DataSet['task']): number {
  return task === 'classification' ? findGreatest(outputs) : (outputs[0] ?? NaN)
}
