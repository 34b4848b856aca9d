import {
  createNumberFormat,
  formatBytes,
  formatCount,
  formatFixed,
  formatTablePercent,
} from 'gradlens/elements'
import type { NdArray } from 'gradlens'
import type { Training } from '../data/images.js'
import type { Fit } from '../explaining/page-similarity.js'
import type { SimFn } from '../settings.js'

/** The size and the accuracy of the model. */
export function describeModel(
  { parameterCount, training, heldOut }: Training,
  many: string,
): string {
  const { correct, count, accuracy } = heldOut
  return (
    `The model: ${formatCount(parameterCount)} parameters, trained on ${formatCount(training.count)} ${many}; ` +
    `correct on ${formatCount(correct)} of ${formatCount(count)} held-out ${many} (${formatTablePercent(accuracy)}).`
  )
}

/** The words for the sum of a page's attributions. */
export interface DeltaWords {
  /** The start of the path: 'an empty image', for example. */
  readonly baseline: string
  /** What the model outputs for a class, or its value: 'the probability of 8', for example. */
  readonly output: (target: number) => string
  /** The unit with a leading space; '' for probabilities. */
  readonly unit: string
  readonly decimals: number
}

/** The sum of the attributions, compared with the change of the output along the path. */
export function describeDelta(
  { data }: { readonly data: object },
  { baseline, output, unit, decimals }: DeltaWords,
): string {
  const { attributions, deltas, predictions, target } = data as {
    readonly attributions: readonly NdArray[]
    readonly deltas: NdArray
    readonly predictions: NdArray
    readonly target: readonly number[] | NdArray | null
  }
  const chosen = readFirst(target)
  const total = Array.from(attributions[0]?.data ?? []).reduce((sum, value) => sum + value, 0)
  const delta = deltas.data[0] ?? NaN
  const end = predictions.data[chosen] ?? NaN
  return (
    `The attributions sum to ${formatFixed(total, decimals)}${unit}. From ${baseline} to this one, ${output(chosen)} goes from ` +
    `${formatFixed(end - total + delta, decimals)} to ${formatFixed(end, decimals)}${unit}. ` +
    `Convergence delta ${createNumberFormat([delta])(delta)}${unit}.`
  )
}

/**
 * Where the gradients of the references come from, and how exact they are.
 *
 * @param many what the references are called: 'training digits'
 */
export function describeStore({ stored, storeFailure }: Fit, simFn: SimFn, many: string): string {
  if (stored === null) {
    const failure =
      storeFailure === null ? '' : ` The stored gradients could not be used: ${storeFailure}`
    return `The gradients of the ${many} were computed in this page, and the scores are exact.${failure}`
  }
  const { byteLength, projection, exactNumbersPerRow, measured } = stored
  const { recall } = measured.similarities[simFn]
  return (
    `The gradients of the ${many} are stored with this page (${formatBytes(byteLength)}), projected ` +
    `from ${formatCount(exactNumbersPerRow)} to ${formatCount(projection.size)} numbers each, so the scores are estimates: they find ` +
    `${formatTablePercent(recall)} of the ${formatCount(measured.topK)} most similar ${many} by exact gradients.`
  )
}

function readFirst(target: readonly number[] | NdArray | null): number {
  if (target === null) return 0
  return ('data' in target ? target.data[0] : target[0]) ?? 0
}
