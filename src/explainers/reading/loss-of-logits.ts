import { InvalidArgumentError } from '../../errors.js'
import { lossNames } from '../../losses/names.js'
import type { ArraySpec } from '../../predictor.js'

/**
 * Refuses a named loss of probabilities for an output of logits, whose values it would read as probabilities.
 *
 * @throws InvalidArgumentError
 */
export function checkLossOfLogits(
  loss: { readonly name: string } | ((...values: never[]) => unknown),
  { isLogits = false }: ArraySpec,
): void {
  if (!isLogits || typeof loss === 'function') return
  const ofLogits = `${loss.name}FromLogits`
  if (!(lossNames as readonly string[]).includes(ofLogits)) return
  throw new InvalidArgumentError(
    'lossFn',
    `'${loss.name}' for a predictor with logits: true`,
    `'${ofLogits}', or a predictor without logits`,
  )
}
