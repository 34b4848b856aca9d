import type { ArraySpec, Predictor } from 'gradlens'
import { FileError } from '../files/named-file.js'
import { joinColumns } from './join-columns.js'
import { formatShape, type OpenedModel } from './opened-model.js'

/**
 * A model of several inputs as one of a single input, among whose columns they are divided.
 *
 * @throws FileError if an input has several axes, or takes other numbers than floats
 */
export function joinInputs(model: OpenedModel): OpenedModel {
  const { inputs } = model.facts
  if (inputs.length === 1) return model
  const odd = inputs.find((input) => !isColumns(input))
  if (odd !== undefined) {
    throw new FileError(
      `The model has ${inputs.length} inputs: ${describeParts(inputs)}. '${odd.name}' takes ${formatShape(odd.shape)} numbers of ${odd.dtype}. ` +
        'This page divides the columns of a table among several inputs, so each must take a fixed number of floats. ' +
        'The gradlens library takes other inputs too: x is then an object of arrays by input name.',
    )
  }
  const size = inputs.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0)
  return {
    ...model,
    facts: {
      ...model.facts,
      inputs: [{ name: 'columns', shape: [size], dtype: 'float32' }],
      parts: inputs,
    },
    createPredictor: async (output): Promise<Predictor> =>
      joinColumns(await model.createPredictor(output)),
  }
}

/** Inputs in words: 'age (1), size (3)'. */
export const describeParts = (parts: readonly ArraySpec[]): string =>
  parts.map(({ name, shape }) => `${name} (${formatShape(shape)})`).join(', ')

const isColumns = ({ shape, dtype }: ArraySpec): boolean =>
  shape.length === 1 && typeof shape[0] === 'number' && dtype === 'float32'
