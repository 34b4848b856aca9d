import type { Tensor } from '@tensorflow/tfjs'
import { UnsupportedError } from '../../errors.js'
import type { ArraySpec } from '../../predictor.js'

/** Refuses named arguments that aren't inputs. Only the layers of a LayersModel accept others. */
export function refuseForwardArguments(
  forwardArguments: Readonly<Record<string, Tensor>>,
  modelName: string,
  inputs: readonly ArraySpec[],
): void {
  const [name] = Object.keys(forwardArguments)
  if (name === undefined) return
  throw new UnsupportedError(
    'forwardKwargs',
    `forwardKwargs: got '${name}', which is not an input of model '${modelName}'; expected one of ` +
      `${inputs.map((input) => `'${input.name}'`).join(', ')}, which x then leaves out. Make it one of the inputs.`,
  )
}
