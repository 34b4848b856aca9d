import type { Tensor } from '@tensorflow/tfjs'
import { GradientSimilarity } from 'gradlens'
import { classCount, imageSize, loadDigits, type Digits } from '../data/mnist.js'
import type { DeviceChoice } from '../settings.js'
import { deviceOf } from './device-report.js'
import { indexOfGreatest, modelInput, oneHot } from './digit-arrays.js'
import type { DigitsPredictor } from './model.js'
import type { OpenDevice } from './open-device.js'
import type { Fit } from './protocol.js'
import { retryable } from './retryable.js'
import type { Handlers } from './serve.js'

/** So many digits go through the model at once when their labels are predicted. */
const predictionBatch = 50

interface Fitted {
  readonly key: string
  readonly explainer: GradientSimilarity<Tensor>
  readonly fit: Fit
}

/** Goes through the reference digits once, and then ranks them for one digit after the other. */
export function createRanking(
  folder: string,
  predictor: () => Promise<DigitsPredictor>,
  open: (choice: DeviceChoice) => Promise<OpenDevice>,
): Pick<Handlers, 'fit' | 'rank'> {
  const references = retryable(() => loadDigits(folder, 'references'))
  let fitted: Fitted | undefined

  return {
    async fit({ references: count, device }, { signal, onProgress }) {
      const key = `${device} ${String(count)}`
      if (fitted?.key === key) return fitted.fit
      const digits = firstDigits(await references(), count)
      const startedAt = performance.now()
      const explainer = new GradientSimilarity(await predictor(), 'categoricalCrossentropy', {
        precomputeGrads: true,
        device,
      })
      try {
        const options = { signal, onProgress }
        await explainer.fit(modelInput(digits.images), oneHot(digits.labels), options)
        const durationMs = performance.now() - startedAt
        const predictedLabels = await predictLabels(await open(device), digits, signal)
        const storedByteLength = explainer.gradientBytes
        const report = { ...deviceOf(explainer), durationMs, storedByteLength }
        fitted?.explainer.dispose()
        fitted = { key, explainer, fit: { ...report, references: count, predictedLabels } }
        return fitted.fit
      } catch (error) {
        explainer.dispose()
        throw error
      }
    },

    async rank({ pixels, simFn, device }, { signal }) {
      if (fitted === undefined) throw new Error('Fit before ranking.')
      const startedAt = performance.now()
      const x = modelInput(pixels)
      const { session } = await open(device)
      const predictedLabel = indexOfGreatest((await session.predict([x], {})).data)
      const y = oneHot([predictedLabel])
      const { data } = await fitted.explainer.explain(x, y, { signal, simFn })
      const order = Int32Array.from(data.orderedIndices.data)
      const scores = new Float32Array(order.length)
      order.forEach((index, rank) => {
        scores[index] = data.scores.data[rank] ?? NaN
      })
      const durationMs = performance.now() - startedAt
      return { simFn, predictedLabel, scores, order, durationMs }
    },
  }
}

function firstDigits({ images, labels }: Digits, count: number): Digits {
  return { count, images: images.subarray(0, count * imageSize), labels: labels.subarray(0, count) }
}

async function predictLabels(
  { session }: OpenDevice,
  { images, count }: Digits,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const labels = new Uint8Array(count)
  for (let start = 0; start < count; start += predictionBatch) {
    const end = Math.min(start + predictionBatch, count)
    const x = modelInput(images.subarray(start * imageSize, end * imageSize))
    const { data } = await session.predict([x], {})
    signal.throwIfAborted()
    for (let row = 0; row < end - start; row++) {
      labels[start + row] = indexOfGreatest(data.subarray(row * classCount, (row + 1) * classCount))
    }
  }
  return labels
}
