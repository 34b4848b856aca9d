import type { Tensor } from '@tensorflow/tfjs'
import type { ArraySpec } from '../../predictor.js'
import type { TensorModel } from './model.js'

/** Returns the inputs that are not passed by name, whose tensors are in x. */
export const inputsBut = (inputs: readonly ArraySpec[], further: object): ArraySpec[] =>
  inputs.filter(({ name }) => !Object.hasOwn(further, name))

/** Returns the model with inputs that may also be passed by name. */
export function withNamedInputs(model: TensorModel): TensorModel {
  const names = new Set(model.inputs.map(({ name }) => name))
  return {
    ...model,
    call(x, further): Tensor {
      const unnamed = [...x]
      const all = model.inputs.map(({ name }) => further[name] ?? unnamed.shift()!)
      const others = Object.entries(further).filter(([name]) => !names.has(name))
      return model.call(all, Object.fromEntries(others))
    },
  }
}
