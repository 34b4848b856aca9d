import { findClosestNames } from '../../adapters/closest-names.js'
import { InvalidArgumentError } from '../../errors.js'
import { describe } from '../../options.js'
import type { LayerSite } from '../../predictor.js'
import { findChannelsAt } from './input-channels.js'
import type { OnnxNode } from './onnx-model.js'
import type { SimpleModel } from './simple-model.js'

/**
 * Finds a layer: an operator or a tensor by its name, or the look-up of an embedding by the name of its table.
 *
 * @throws InvalidArgumentError for a name that the output doesn't depend on
 */
export function findLayer(
  model: SimpleModel,
  argument: string,
  reference: unknown,
  at: LayerSite['at'],
): LayerSite {
  const name = reference
  const tensors = typeof name === 'string' ? findTensors(model, name, at) : undefined
  if (typeof name === 'string' && tensors !== undefined && tensors.length > 0) {
    const channels = tensors.map((tensor) => findChannelsAt(model.nodes, tensor) ?? null)
    return { layer: name, at, tensors, channels }
  }
  const names = model.nodes.flatMap((node) => [node.name, ...node.outputs])
  const all = [...new Set([...names, ...model.aliases.keys()])].filter((own) => own !== '')
  const close = typeof name === 'string' ? findClosestNames(name, all) : all.slice(0, 5)
  const isInput = model.inputs.some((input) => input.name === name)
  throw new InvalidArgumentError(
    argument,
    typeof name === 'string'
      ? `'${name}'${isInput ? ', an input of the model' : ''}`
      : describe(name),
    isInput
      ? 'an operator or a tensor after it; leave the option out to attribute to the inputs'
      : `the name of an operator or a tensor that the output of model '${model.name}' depends on: ` +
          close.map((own) => `'${own}'`).join(', '),
  )
}

/** Returns the tensors at a site, by their names in the graph. */
function findTensors(
  model: SimpleModel,
  name: string,
  at: LayerSite['at'],
): readonly string[] | undefined {
  const { nodes, aliases, constants } = model
  const tensor = aliases.get(name) ?? name
  const isMade = nodes.some(({ outputs }) => outputs.includes(tensor))
  const node =
    nodes.find((own) => own.name === name && name !== '') ??
    nodes.find(({ op, inputs }) => op === 'Gather' && inputs[0] === tensor && constants.has(tensor))
  if (node === undefined) return isMade ? [tensor] : undefined
  return at === 'outputs'
    ? node.outputs.filter((output) => output !== '')
    : node.inputs.filter((input) => isComputed(model, input))
}

const isComputed = ({ nodes }: { readonly nodes: readonly OnnxNode[] }, tensor: string): boolean =>
  nodes.some(({ outputs }) => outputs.includes(tensor))
