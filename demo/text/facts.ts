import { createNumberFormat, formatCount, formatFixed, formatTablePercent } from 'gradlens/elements'
import type { Training } from '../data/images.js'
import type { Attribution } from '../explaining/results.js'

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

/** The sum of the attributions, compared with the change of the probability along the path. */
export function describeDelta(
  { total, delta, output, target }: Attribution,
  classNames: readonly string[],
  baseline: string,
): string {
  return (
    `The attributions sum to ${formatFixed(total, 4)}. From ${baseline} to this one, the probability of ` +
    `${classNames[target] ?? String(target)} goes from ${formatFixed(output - total + delta, 4)} to ` +
    `${formatFixed(output, 4)}. Convergence delta ${createNumberFormat([delta])(delta)}.`
  )
}
