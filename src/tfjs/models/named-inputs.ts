import type { Tensor } from '@tensorflow/tfjs'
import type { ArraySpec } from '../../predictor.js'
import type { TensorModel } from './model.js'

/** The inputs that no further argument names, those of which x has the tensors. */
export const inputsBut = (inputs: readonly ArraySpec[], further: object): ArraySpec[] =>
  inputs.filter(({ name }) => !Object.hasOwn(further, name))

/** The model, whose inputs may also be given by their names, among the further arguments. */
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
