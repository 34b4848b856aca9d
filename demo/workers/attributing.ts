import type { Tensor } from '@tensorflow/tfjs'
import { IntegratedGradients } from 'gradlens'
import { toCloneable } from './cloneable.js'
import type { DataSet } from './data-sets.js'
import { reportDevice } from './device-report.js'
import type { DemoPredictor } from './model.js'
import { createRetryable } from './retryable.js'
import type { Handlers } from './serve.js'

/** The number of path points per pass. Small, so that a long path can be cancelled quickly. */
const pathBatch = 25

/** Computes attributions. The explainer is reused until the settings change. */
export function createAttributing(
  folder: string,
  { task, layer, loadBaseline }: DataSet,
  predictor: () => Promise<DemoPredictor>,
): Handlers['attribute'] {
  const baseline = createRetryable(async () => loadBaseline?.(folder))
  let kept: { readonly key: string; readonly explainer: IntegratedGradients<Tensor> } | undefined

  return async ({ input, target, method, steps, device }, { signal, onProgress }) => {
    const startedAt = performance.now()
    const key = [method, steps, device].join(' ')
    if (kept?.key !== key) {
      const explainer = new IntegratedGradients(await predictor(), {
        method,
        nSteps: steps,
        internalBatchSize: pathBatch,
        device,
        ...(layer === undefined ? {} : { layer }),
      })
      kept?.explainer.dispose()
      kept = { key, explainer }
    }
    const { explainer } = kept
    const baselines = await baseline()
    const explanation = await explainer.explain(input, {
      signal,
      onProgress,
      ...(task === 'classification' ? { target } : {}),
      ...(baselines === undefined ? {} : { baselines }),
    })
    const { attributions, deltas, predictions } = explanation.data
    const values = Array.from(attributions[0]?.data ?? [])
    return {
      explanation: toCloneable(explanation),
      target,
      method,
      steps,
      total: values.reduce((sum, value) => sum + value, 0),
      delta: deltas.data[0] ?? NaN,
      output: predictions.data[target] ?? NaN,
      ...reportDevice(explainer),
      durationMs: performance.now() - startedAt,
    }
  }
}
