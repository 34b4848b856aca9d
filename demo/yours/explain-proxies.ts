import type { NdArray } from 'gradlens'
import type { AttributionLike, Predict, SimilarityLike } from 'gradlens/elements'
import type { ShownExamples } from './encoders/encoder.js'
import { attributionSteps, type Matched, type Session } from './session.js'

/** The comparison, with training examples in the form in which they are shown. */
export function createSimilarity(
  { client }: Session,
  { similarity, explainers }: Matched,
): SimilarityLike {
  return {
    get device() {
      return similarity.device
    },
    get fallbackReason() {
      return similarity.fallbackReason
    },
    get gradientBytes() {
      return similarity.gradientBytes
    },
    fit: (_x, _y, call) =>
      similarity.fit(explainers.value('xTrain'), explainers.value('yTrain'), call),
    explain: async (x, y, call) => {
      const { meta, data } = await similarity.explain(x as NdArray, y as NdArray | undefined, call)
      const order = Array.from(data.orderedIndices.data)
      const k = Math.min(Number(meta.params['topK']), order.length)
      const finite = order.slice(0, order.length - (data.nonFinite[0]?.length ?? 0))
      const least = finite.slice(-k).reverse()
      const [most, leastShown] = await Promise.all(
        [order.slice(0, k), least].map((indices) =>
          client.call('show', [indices], { signal: call.signal }),
        ),
      )
      if (!most || !leastShown) return { meta, data }
      return {
        meta,
        data: { ...data, mostSimilar: groupShown(most), leastSimilar: groupShown(leastShown) },
      }
    },
  }
}

/** Adds the axis of the explained examples, of which there is one. */
export function groupShown(shown: ShownExamples): unknown {
  return 'shape' in shown ? { data: shown.data, shape: [1, ...shown.shape] } : [shown]
}

export function createAttribution({
  explainers,
  choices: { layer, method },
}: Matched): AttributionLike {
  if (method === 'grad_cam') return explainers.gradCam()
  return explainers.integratedGradients({
    nSteps: attributionSteps,
    ...(layer !== null && { layer }),
  })
}

/** The model's outputs; those of a classifier without softmax or sigmoid as probabilities. */
export function createPredict({ explainers, loss }: Matched): Predict {
  return async (x, call) => {
    const outputs = await explainers.predict(x as NdArray, call)
    return loss.endsWith('FromLogits') ? toProbabilities(outputs) : outputs
  }
}

function toProbabilities({ data, shape }: NdArray): NdArray {
  if (data.length === 1)
    return { data: Float32Array.of(1 / (1 + Math.exp(-(data[0] ?? 0)))), shape }
  const logits = Float32Array.from(data)
  const greatest = logits.reduce((a, b) => Math.max(a, b), -Infinity)
  const powers = logits.map((logit) => Math.exp(logit - greatest))
  const sum = powers.reduce((a, b) => a + b, 0)
  return { data: powers.map((power) => power / sum), shape }
}
