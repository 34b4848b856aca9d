import type { NdArray } from 'gradlens'
import type { Attribution } from './workers/protocol.js'

/** The attributions to the pixels of one picture. */
export interface SignedMap {
  readonly target: number
  readonly attributions: Float32Array
  readonly delta: number
  readonly targetProbability: number
}

export function signedMapOf({ explanation, target, delta, output }: Attribution): SignedMap {
  const { attributions } = explanation.data as { readonly attributions: readonly NdArray[] }
  return {
    target,
    attributions: attributions[0]!.data as Float32Array,
    delta,
    targetProbability: output,
  }
}
