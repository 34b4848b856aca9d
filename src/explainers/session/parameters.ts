import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import { describe } from '../../options.js'
import type { ParameterSpec, Predictor } from '../../predictor.js'
import { shareWarnings, warnOnce } from '../../warn-once.js'
import { checkPredictor } from './model-session.js'

/** Chooses parameters by their names. */
export type ParameterFilter = (name: string) => boolean

/** The parameters that gradients are computed for, in the model's order. */
export const selectTrainable = ({
  parameters,
}: Pick<Predictor, 'parameters'>): readonly ParameterSpec[] =>
  parameters.filter(({ trainable }) => trainable)

/**
 * The predictor with all parameters frozen but the chosen ones. Warns of frozen parameters among those.
 *
 * @param filter chooses all parameters if it is undefined
 * @throws UnsupportedError if all parameters are frozen; InvalidArgumentError if the filter is not a function that
 *   returns true or false, or chooses no trainable parameter
 */
export function chooseParameters<Value, Item>(
  predictor: Predictor<Value, Item>,
  filter: ParameterFilter | undefined,
): Predictor<Value, Item> {
  checkPredictor(predictor)
  assertTrainable(predictor)
  if (filter === undefined) {
    warnOfFrozen(predictor, predictor.parameters)
    return predictor
  }
  const names = chosenNames(predictor, filter)
  warnOfFrozen(
    predictor,
    predictor.parameters.filter(({ name }) => names.has(name)),
  )
  const isChosen = (name: string): boolean => names.has(name)
  const restricted: Predictor<Value, Item> = {
    name: predictor.name,
    inputs: predictor.inputs,
    output: predictor.output,
    devices: predictor.devices,
    get parameters(): ParameterSpec[] {
      return predictor.parameters.map((parameter) => ({
        ...parameter,
        trainable: parameter.trainable && isChosen(parameter.name),
      }))
    },
    ...(predictor.preprocess && { preprocess: predictor.preprocess.bind(predictor) }),
    ...(predictor.findLayer && { findLayer: predictor.findLayer.bind(predictor) }),
    open: (device, options) => predictor.open(device, { ...options, parameters: isChosen }),
  }
  shareWarnings(restricted, predictor)
  return restricted
}

function chosenNames(
  predictor: Pick<Predictor, 'name' | 'parameters'>,
  filter: unknown,
): ReadonlySet<string> {
  if (typeof filter !== 'function') {
    throw new InvalidArgumentError(
      'parameters',
      describe(filter),
      "a function from a parameter's name to true or false",
    )
  }
  const chosen = predictor.parameters.filter(({ name }) => {
    const isChosen: unknown = (filter as (name: string) => unknown)(name)
    if (typeof isChosen === 'boolean') return isChosen
    throw new InvalidArgumentError(
      'parameters',
      `${describe(isChosen)} returned for '${name}'`,
      'true or false',
    )
  })
  if (chosen.some(({ trainable }) => trainable)) return new Set(chosen.map(({ name }) => name))
  const trainable = selectTrainable(predictor)
  throw new InvalidArgumentError(
    'parameters',
    `a filter that chooses none of the ${trainable.length} trainable parameters of model '${predictor.name}'`,
    `true for one or more of ${listSome(trainable)}`,
  )
}

function assertTrainable({ name, parameters }: Pick<Predictor, 'name' | 'parameters'>): void {
  if (parameters.some(({ trainable }) => trainable)) return
  throw new UnsupportedError(
    'no trainable parameters',
    `model '${name}' has ${parameters.length} parameters, and none of them is trainable; expected at least one, ` +
      'because similarity compares the gradients of trainable parameters. Set trainable = true on the layers to compare.',
  )
}

/** @param chosen the parameters that are asked for */
function warnOfFrozen<Value, Item>(
  predictor: Predictor<Value, Item>,
  chosen: readonly ParameterSpec[],
): void {
  const frozen = chosen.filter(({ trainable }) => !trainable)
  if (frozen.length === 0) return
  warnOnce(
    predictor,
    `${frozen.length} of the ${chosen.length} parameters of model '${predictor.name}' are not trainable, so ` +
      `similarity ignores them: ${listSome(frozen)}.`,
  )
}

function listSome(parameters: readonly ParameterSpec[]): string {
  const names = parameters.slice(0, shownCount).map(({ name }) => `'${name}'`)
  const others = parameters.length > shownCount ? ` and ${parameters.length - shownCount} more` : ''
  return `${names.join(', ')}${others}`
}

const shownCount = 3
