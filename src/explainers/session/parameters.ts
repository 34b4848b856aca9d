import { UnsupportedError } from '../../errors.js'
import type { ParameterSpec, Predictor } from '../../predictor.js'

/** The parameters that gradients are taken of, in the model's order. */
export const trainableParameters = ({
  parameters,
}: Pick<Predictor, 'parameters'>): readonly ParameterSpec[] =>
  parameters.filter(({ trainable }) => trainable)

/**
 * Warns of parameters that are frozen.
 *
 * @throws UnsupportedError if all are
 */
export function checkParameters(predictor: Pick<Predictor, 'name' | 'parameters'>): void {
  const frozen = predictor.parameters.filter(({ trainable }) => !trainable)
  if (frozen.length === predictor.parameters.length) {
    throw new UnsupportedError(
      'no trainable parameters',
      `model '${predictor.name}' has ${frozen.length} parameters, none of them trainable; expected one or ` +
        'more: the similarity is that of their gradients. Set trainable = true on the layers that count.',
    )
  }
  if (frozen.length === 0) return
  const names = frozen.map(({ name }) => `'${name}'`)
  const shown = names.length > 8 ? [...names.slice(0, 8), `${names.length - 8} more`] : names
  console.warn(
    `gradlens: parameters that are not trainable have no part in the similarity: ${shown.join(', ')}.`,
  )
}
