declare module '*/docs/models/adapters.md?adapter.js' {
  import type { numpy } from '@jax-js/jax'
  import type { ArraySpec, Predictor } from 'gradlens'

  export type JaxWeights = Record<string, numpy.Array>

  export function jaxPredictor(
    f: (weights: JaxWeights, ...inputs: numpy.Array[]) => numpy.Array,
    weights: JaxWeights,
    specs: { readonly inputs: readonly ArraySpec[]; readonly outputShape: readonly number[] },
  ): Predictor<numpy.Array>
}
