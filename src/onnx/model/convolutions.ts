import { followElementwise } from '../../adapters/follow-elementwise.js'
import type { LayerSite } from '../../predictor.js'
import { readInt } from './attributes.js'
import { isPositionwise } from './input-channels.js'
import type { LoadedModel } from './loaded-model.js'
import type { OnnxNode } from './onnx-model.js'

/** Returns the outputs of convolutions; see Predictor. */
export function listConvolutions({ nodes }: LoadedModel): LayerSite[] {
  const graph = {
    orderOf: (node: OnnxNode) => nodes.indexOf(node),
    consumersOf: ({ outputs }: OnnxNode) =>
      nodes.filter(({ inputs }) => inputs.some((name) => name !== '' && outputs.includes(name))),
    isElementwise: (node: OnnxNode) =>
      isPositionwise(node.op) || (node.op === 'Concat' && readInt(node, 'axis', 0) === 1),
  }
  const tensors = nodes
    .filter(({ op }) => op === 'Conv' || op === 'ConvTranspose')
    .map((node) => followElementwise(node, graph).outputs[0]!)
  return [...new Set(tensors)].map((tensor) => ({
    layer: tensor,
    at: 'outputs',
    tensors: [tensor],
    channels: ['first'],
  }))
}
