import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { findGradientPaths } from '../graph/backpropagate.js'
import { isFactorable } from '../parameters/convolution-uses.js'
import type { OnnxModel, OnnxTensor } from './onnx-model.js'
import {
  filterOrder,
  isLikelyParameter,
  type OutputChoice,
  type SimpleModel,
  simplifyModel,
} from './simple-model.js'
import { createTensor, isFloat, readNumbers } from './tensor-data.js'

/** A parameter, which is a constant of the file. */
export interface ModelParameter {
  /** The name of the constant. */
  readonly name: string
  /** The shape of its gradients; see `isFilter`. */
  readonly shape: readonly number[]
  /**
   * True for the filter of convolutions, [outputs, inputs, …] in the file, whose gradients are [height, width, inputs,
   * outputs].
   */
  readonly isFilter: boolean
}

/** A model that was read, with one output and its parameters. */
export interface LoadedModel extends SimpleModel {
  readonly parameters: readonly ModelParameter[]
  /** Counts changes of the weights. */
  readonly version: number
}

/**
 * Prepares a model for one of its outputs.
 *
 * @throws UnsupportedError for several outputs of which none is chosen, and for what isn't supported
 */
export function prepareModel(
  given: OnnxModel,
  name: string,
  choice: OutputChoice,
  isParameter: ((name: string) => boolean) | undefined,
): LoadedModel {
  const model = simplifyModel(given, name, choice)
  return { ...model, parameters: findParameters(model, isParameter), version: 0 }
}

/** The float constants that the output depends on by differentiable steps, as `isLikelyParameter` has them by default. */
function findParameters(
  model: SimpleModel,
  isParameter: ((name: string) => boolean) | undefined,
): ModelParameter[] {
  const { nodes, constants, output } = model
  const floats = [...constants].filter(([, { type }]) => isFloat(type)).map(([name]) => name)
  const reached = findGradientPaths(nodes, floats, [output], new Map()).tensors
  return floats.flatMap((name) => {
    if (!reached.has(name)) return []
    if (!(isParameter?.(name) ?? isLikelyParameter(model, name))) return []
    const tensor = constants.get(name)!
    const users = nodes.filter(({ inputs }) => inputs.includes(name))
    const isFilter =
      users.length > 0 &&
      users.every((node) => node.inputs[1] === name && isFactorable(node, tensor.shape.length))
    const shape = isFilter
      ? filterOrder(tensor.shape.length).map((axis) => tensor.shape[axis]!)
      : tensor.shape
    return [{ name, shape, isFilter }]
  })
}

/**
 * Returns the model with other weights.
 *
 * @throws InvalidArgumentError for a name or a shape that the model doesn't have
 */
export function withWeights(
  model: LoadedModel,
  weights: Readonly<Record<string, NdArray>>,
): LoadedModel {
  const constants = new Map(model.constants)
  for (const [name, { data, shape }] of Object.entries(weights)) {
    const own = constants.get(name)
    if (own === undefined || !isFloat(own.type) || own.shape.join() !== shape.join()) {
      throw new InvalidArgumentError(
        'weights',
        `'${name}' of shape [${shape.join(', ')}]`,
        own === undefined
          ? 'names of float constants of the model'
          : `the shape [${own.shape.join(', ')}]`,
      )
    }
    constants.set(name, createTensor('float32', data, shape))
  }
  return { ...model, constants, version: model.version + 1 }
}

/** Returns a constant's numbers as an array. */
export function toNdArray(tensor: OnnxTensor): NdArray {
  const { type, shape, bytes } = tensor
  return type === 'float32'
    ? { data: new Float32Array(bytes.slice().buffer), shape }
    : { data: Float64Array.from(readNumbers(tensor)), shape }
}
