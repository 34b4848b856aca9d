import { InvalidArgumentError } from '../errors.js'
import type { LossSettings } from './loss.js'
import { labelForm } from './names.js'

/**
 * Holds a loss's class weights to the model's classes.
 *
 * @param outputShape of one example; null is any length
 * @throws InvalidArgumentError for the weight of a class that the model doesn't have, or a list of another length
 */
export function checkClasses(
  { name, classWeight, given }: LossSettings,
  outputShape: readonly (number | null)[],
): void {
  if (classWeight === null) return
  const outputs = outputShape.at(-1) ?? (outputShape.length === 0 ? 1 : null)
  const form = labelForm(name)
  const isYesNo = form === 'bits' || form === 'signs'
  if (isYesNo && outputs !== null && outputs !== 1) {
    throw new InvalidArgumentError(
      'lossFn.classWeight',
      `weights for '${name}' with ${outputs} outputs`,
      'a model with one output, of the classes 0 and 1; for several, give weights with the labels: ' +
        '{ labels, sampleWeight }',
    )
  }
  const classCount = isYesNo ? 2 : outputs
  if (classCount === null) return
  const unknown = [...classWeight.keys()].find((label) => label >= classCount)
  if (unknown !== undefined) {
    throw new InvalidArgumentError(
      'lossFn.classWeight',
      `a weight for class ${unknown}`,
      `classes from 0 to ${classCount - 1}`,
    )
  }
  if (Array.isArray(given.classWeight) && given.classWeight.length < classCount) {
    throw new InvalidArgumentError(
      'lossFn.classWeight',
      `${given.classWeight.length} weights`,
      `${classCount}, one per class; or a record of weights by class index`,
    )
  }
}
