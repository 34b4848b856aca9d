import { createNumberFormat, formatCount, formatFixed, formatTablePercent } from 'gradlens/elements'
import type { Training } from '../data/images.js'
import type { Attribution } from '../workers/protocol.js'

/** How large the model is, and how often it is right. */
export function modelFacts({ parameterCount, training, heldOut }: Training, many: string): string {
  const { correct, count, accuracy } = heldOut
  return (
    `The model: ${formatCount(parameterCount)} parameters, trained on ${formatCount(training.count)} ${many}; ` +
    `right on ${formatCount(correct)} of ${formatCount(count)} held-out ones (${formatTablePercent(accuracy)}).`
  )
}

/** Where the probability comes from and goes to; what the sum lacks is the delta. */
export function probabilityDelta(
  { total, delta, output, target }: Attribution,
  classNames: readonly string[],
  baseline: string,
): string {
  return (
    `It adds up to ${formatFixed(total, 4)}; from ${baseline} to this one the probability of ` +
    `${classNames[target] ?? String(target)} goes from ${formatFixed(output - total + delta, 4)} to ` +
    `${formatFixed(output, 4)}. Convergence delta ${createNumberFormat([delta])(delta)}.`
  )
}
