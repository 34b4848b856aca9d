import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import type { ArraySpec } from '../../predictor.js'
import { findChannels } from './input-channels.js'
import { normalizeModel } from './normalize.js'
import type { ElementType, OnnxModel, OnnxNode, OnnxTensor } from './onnx-model.js'
import { raiseOpset } from './raise-opset.js'
import { refuseOperators } from './refused-operators.js'
import { isFloat } from './tensor-data.js'

/** An input of the model. */
export interface ModelInput extends ArraySpec {
  readonly type: ElementType
}

/** A model that was read, with one output and in the common form. */
export interface SimpleModel {
  readonly name: string
  readonly opsets: ReadonlyMap<string, number>
  readonly nodes: readonly OnnxNode[]
  readonly constants: ReadonlyMap<string, OnnxTensor>
  /** The names of tensors that copy others, with the others. */
  readonly aliases: ReadonlyMap<string, string>
  readonly inputs: readonly ModelInput[]
  /** The tensor that is the output. */
  readonly output: string
  /** The names of the constants that the file stores as tensors of their own. */
  readonly stored: ReadonlySet<string>
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
export function simplifyModel(
  given: OnnxModel,
  name: string,
  { output: chosen, logits = false }: OutputChoice,
): SimpleModel {
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
  const stored = new Set(given.graph.constants.keys())
  return { name, opsets, nodes, constants, aliases, inputs, output, stored }
}

/**
 * True for a constant that counts as a parameter: not for single numbers such as an epsilon, which are those of one
 * element that aren't stored as a tensor with an axis, and not for the running statistics of batch normalization, which
 * training doesn't find by gradients.
 */
export function isLikelyParameter(
  { nodes, constants, stored }: Pick<SimpleModel, 'nodes' | 'constants' | 'stored'>,
  name: string,
): boolean {
  const { shape, bytes } = constants.get(name)!
  const users = nodes.filter(({ inputs }) => inputs.includes(name))
  return (
    ((stored.has(name) && shape.length > 0) || bytes.length > 4) &&
    !users.every((node) => isStatistic(node, name))
  )
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
