import { UnsupportedError } from '../../errors.js'
import type { ParameterSpec, Predictor } from '../../predictor.js'
import { warnOnce } from '../../warn-once.js'

/** The parameters that gradients are taken of, in the model's order. */
export const selectTrainable = ({
  parameters,
}: Pick<Predictor, 'parameters'>): readonly ParameterSpec[] =>
  parameters.filter(({ trainable }) => trainable)

/**
 * Warns of parameters that are frozen, once for each model.
 *
 * @throws UnsupportedError if all are
 */
export function checkParameters(predictor: Pick<Predictor, 'name' | 'parameters'>): void {
  const { name, parameters } = predictor
  const frozen = parameters.filter(({ trainable }) => !trainable)
  if (frozen.length === parameters.length) {
    throw new UnsupportedError(
      'no trainable parameters',
      `model '${name}' has ${frozen.length} parameters, and none of them is trainable; expected at least one, ` +
        'because similarity compares the gradients of trainable parameters. Set trainable = true on the layers to compare.',
    )
  }
  if (frozen.length === 0) return
  const names = frozen.slice(0, shownCount).map((parameter) => `'${parameter.name}'`)
  const others = frozen.length > shownCount ? ` and ${frozen.length - shownCount} more` : ''
  warnOnce(
    predictor,
    `${frozen.length} of the ${parameters.length} parameters of model '${name}' are not trainable, so similarity ` +
      `ignores them: ${names.join(', ')}${others}.`,
  )
}

const shownCount = 3
