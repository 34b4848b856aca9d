import type { Tensor } from '@tensorflow/tfjs'
import { IntegratedGradients } from 'gradlens'
import { modelInput } from './digit-arrays.js'
import { deviceOf } from './device-report.js'
import type { DigitsPredictor } from './model.js'
import type { Handlers } from './serve.js'

/** Points of a path in one pass: few, so that a long path can be stopped soon. */
const pathBatch = 25

/** Draws maps; the explainer is kept until other settings are asked for. */
export function createAttributing(
  predictor: () => Promise<DigitsPredictor>,
): Handlers['attribute'] {
  let kept: { readonly key: string; readonly explainer: IntegratedGradients<Tensor> } | undefined

  return async ({ pixels, target, method, steps, device }, { signal, onProgress }) => {
    const startedAt = performance.now()
    const key = [method, steps, device].join(' ')
    if (kept?.key !== key) {
      const options = { method, nSteps: steps, internalBatchSize: pathBatch, device }
      const explainer = new IntegratedGradients(await predictor(), options)
      kept?.explainer.dispose()
      kept = { key, explainer }
    }
    const { explainer } = kept
    const { data } = await explainer.explain(modelInput(pixels), { target, signal, onProgress })
    return {
      target,
      method,
      steps,
      attributions: Float32Array.from(data.attributions[0]?.data ?? []),
      delta: data.deltas.data[0] ?? NaN,
      targetProbability: data.predictions.data[target] ?? NaN,
      ...deviceOf(explainer),
      durationMs: performance.now() - startedAt,
    }
  }
}
