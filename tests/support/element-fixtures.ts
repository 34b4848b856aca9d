import type { ExplanationJson } from '../../src/explanation.js'

/** A 10-class answer about one example, as integrated gradients carry it. */
export const digitAnswer = [0.004, 0.001, 0.02, 0.21, 0.0004, 0.1, 0.001, 0.003, 0.6106, 0.05]

/** The JSON of an attribution in alibi's schema. */
export function attributionJson({
  x,
  attributions,
  predictions = [digitAnswer],
  target = [8],
}: {
  readonly x: unknown
  readonly attributions: unknown
  readonly predictions?: unknown
  readonly target?: unknown
}): ExplanationJson {
  return {
    meta: {
      name: 'IntegratedGradients',
      type: ['whitebox'],
      explanations: ['local'],
      params: { method: 'gausslegendre', n_steps: 50, layer: null },
      version: '0.9.4',
    },
    data: {
      attributions,
      X: x,
      forward_kwargs: [],
      baselines: null,
      predictions,
      deltas: [0.001],
      target,
    },
  }
}
