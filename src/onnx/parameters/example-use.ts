import { isPlaced } from '../graph/batch-layout.js'
import type { ExampleGradients } from '../graph/gradient-graph.js'
import type { GraphSegment } from './graph-segment.js'
import type { ParameterUse } from './parameter-use.js'

/** The gradient of each example where a backward rule computes it itself, as those of recurrent layers do. */
export function exampleUse(
  {
    graph,
    node,
    input,
    placementOf,
  }: Pick<ParameterUse, 'graph' | 'node' | 'input' | 'placementOf'>,
  { gradients, tensor, axis }: ExampleGradients,
): GraphSegment | undefined {
  const placement = placementOf(tensor)
  // Several rows of the axis for each example would have to be summed.
  if (!isPlaced(placement) || placement.axis !== axis) return undefined
  if (placement.outer * placement.inner !== 1) return undefined
  const parameter = node.inputs[input]!
  const size = graph
    .infoOf(parameter)
    .shape.reduce<number>((product, length) => product * (length ?? 1), 1)
  const values = graph.add('Reshape', [gradients, graph.integers(-1, size)])
  return { kind: 'dense', parameter, size, values }
}
