import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import type { ArraySpec } from '../../predictor.js'
import { findGradientPaths } from '../graph/backpropagate.js'
import { isFactorable } from '../parameters/convolution-uses.js'
import { findChannels } from './input-channels.js'
import { normalizeModel } from './normalize.js'
import type { ElementType, OnnxModel, OnnxNode, OnnxTensor } from './onnx-model.js'
import { raiseOpset } from './raise-opset.js'
import { refuseOperators } from './refused-operators.js'
import { createTensor, isFloat, readNumbers } from './tensor-data.js'

/** An input of the model. */
export interface ModelInput extends ArraySpec {
  readonly type: ElementType
}

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

/** A model that was read, with one output. */
export interface LoadedModel {
  readonly name: string
  readonly opsets: ReadonlyMap<string, number>
  readonly nodes: readonly OnnxNode[]
  readonly constants: ReadonlyMap<string, OnnxTensor>
  /** The names of tensors that copy others, with the others. */
  readonly aliases: ReadonlyMap<string, string>
  readonly inputs: readonly ModelInput[]
  /** The tensor that is the output. */
  readonly output: string
  readonly parameters: readonly ModelParameter[]
  /** Counts changes of the weights. */
  readonly version: number
}

/** What of a model is explained. */
export interface OutputChoice {
  readonly output?: string | undefined
  readonly logits?: boolean | undefined
}

/**
 * Prepares a model for one of its outputs.
 *
 * @throws UnsupportedError for several outputs of which none is chosen, and for what isn't supported
 */
export function prepareModel(
  given: OnnxModel,
  name: string,
  { output: chosen, logits = false }: OutputChoice,
  isParameter: ((name: string) => boolean) | undefined,
): LoadedModel {
  const raised = raiseOpset(given)
  const stated = chooseOutput(raised, chosen)
  const output = logits ? findLogits(raised.graph.nodes, stated) : stated
  const { model: simple, aliases } = normalizeModel(raised, [output])
  const { graph, opsets } = simple
  const inputs = graph.inputs.map((input) => ({
    ...toSpec(name, input.name, input.shape),
    dtype: isFloat(input.type) ? ('float32' as const) : ('int32' as const),
    channels: findChannels(graph.nodes, input.name),
    type: input.type,
  }))
  refuseOperators(graph.nodes)
  const { nodes, constants } = graph
  const model = { name, opsets, nodes, constants, aliases, inputs, output }
  const stored = new Set(given.graph.constants.keys())
  return { ...model, parameters: findParameters(model, stored, isParameter), version: 0 }
}

function chooseOutput({ graph }: OnnxModel, chosen: string | undefined): string {
  const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ')
  if (chosen === undefined) {
    const [only, ...others] = graph.outputs
    if (only !== undefined && others.length === 0) return only
    throw new UnsupportedError(
      'outputs',
      `model: it has ${graph.outputs.length} outputs: ${list(graph.outputs)}. Choose one: { output: '${only ?? ''}' }.`,
    )
  }
  const isMade = graph.nodes.some(({ outputs }) => outputs.includes(chosen))
  if (isMade) return chosen
  throw new InvalidArgumentError(
    'options.output',
    `'${chosen}', which no operator of the model computes`,
    `one of its outputs: ${list(graph.outputs)}; or the name of another tensor`,
  )
}

/** The input of the softmax or sigmoid that the output comes from. */
function findLogits(nodes: readonly OnnxNode[], output: string): string {
  let tensor = output
  for (const node of nodes.toReversed()) {
    if (!node.outputs.includes(tensor)) continue
    const [before = ''] = node.inputs
    if (['LogSoftmax', 'Sigmoid', 'Softmax'].includes(node.op)) return before
    if (node.op !== 'Identity' && node.op !== 'Reshape') {
      throw new UnsupportedError(
        'logits',
        `logits: the output '${output}' comes from ${node.op} '${node.name}'; expected Softmax, LogSoftmax or Sigmoid. ` +
          'Leave logits out if the output is the logits already, or choose them with { output }.',
      )
    }
    tensor = before
  }
  throw new InvalidArgumentError('options.logits', `true for '${output}'`, 'an output of Softmax')
}

function toSpec(
  model: string,
  name: string,
  shape: readonly (number | null)[] | undefined,
): { readonly name: string; readonly shape: (number | null)[] } {
  if (shape !== undefined && shape.length > 0) return { name, shape: shape.slice(1) }
  throw new UnsupportedError(
    name,
    `model '${model}': its input '${name}' has ${shape === undefined ? 'no stated shape' : 'no batch axis'}; expected a ` +
      'shape with the examples on the first axis. Export the model with one.',
  )
}

type Unfinished = Omit<LoadedModel, 'parameters' | 'version'>

/**
 * The float constants that the output depends on by differentiable steps. By default, single numbers such as an epsilon
 * aren't parameters: those of one element that aren't stored as a tensor with an axis. Neither are the running statistics
 * of batch normalization, which training doesn't find by gradients.
 *
 * @param stored the names of the constants that the file stores as tensors of their own
 */
function findParameters(
  { nodes, constants, output }: Unfinished,
  stored: ReadonlySet<string>,
  isParameter: ((name: string) => boolean) | undefined,
): ModelParameter[] {
  const floats = [...constants].filter(([, { type }]) => isFloat(type)).map(([name]) => name)
  const reached = findGradientPaths(nodes, floats, [output], new Map()).tensors
  return floats.flatMap((name) => {
    const tensor = constants.get(name)!
    const users = nodes.filter(({ inputs }) => inputs.includes(name))
    const isPlain =
      ((stored.has(name) && tensor.shape.length > 0) || tensor.bytes.length > 4) &&
      !users.every((node) => isStatistic(node, name))
    if (!reached.has(name) || !(isParameter?.(name) ?? isPlain)) return []
    const isFilter =
      users.length > 0 &&
      users.every((node) => node.inputs[1] === name && isFactorable(node, tensor.shape.length))
    const shape = isFilter
      ? filterOrder(tensor.shape.length).map((axis) => tensor.shape[axis]!)
      : tensor.shape
    return [{ name, shape, isFilter }]
  })
}

/** True for the mean and the variance of batch normalization. */
const isStatistic = ({ op, inputs }: OnnxNode, name: string): boolean =>
  op === 'BatchNormalization' && inputs.indexOf(name) > 2

/** The order of a filter's axes in gradients: from [outputs, inputs, …] to […, inputs, outputs]. */
export const filterOrder = (rank: number): number[] => [
  ...Array.from({ length: rank - 2 }, (_, k) => k + 2),
  1,
  0,
]

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
