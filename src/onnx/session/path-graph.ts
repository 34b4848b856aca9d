import { backpropagate, findGradientPaths } from '../graph/backpropagate.js'
import type { BatchKnowledge } from '../graph/batch-knowledge.js'
import { GradientGraph } from '../graph/gradient-graph.js'
import type { LoadedModel } from '../model/loaded-model.js'
import { keepNeeded } from '../model/normalize.js'
import type { GraphInput, OnnxNode } from '../model/onnx-model.js'
import { cutNodes, seedInput, type WrittenGradients } from './written-graphs.js'

/** The names of the inputs of a path graph. */
export const pathInputs = {
  /** Per point, the number of its path. */
  pathOf: 'gradlens/pathOf',
  alphas: 'gradlens/alphas',
  /** [sums, points], the weight of each point in each sum. */
  sums: 'gradlens/sums',
  start: (tensor: string): string => `gradlens/start of ${tensor}`,
  way: (tensor: string): string => `gradlens/way of ${tensor}`,
  /** An input of the model, [paths, …]. */
  given: (input: string): string => `gradlens/given ${input}`,
}

/**
 * Writes the sums of gradients along straight paths: the points, their gradients, and the weighted sums.
 *
 * @param sites the tensors, or inputs of the model, that the points replace
 * @param isScaled true if gradients are multiplied by end − start of their path
 */
export function writePathGradients(
  model: LoadedModel,
  { infos }: BatchKnowledge,
  sites: readonly string[],
  isScaled: boolean,
): WrittenGradients {
  const given = new Set(sites)
  const nodes = cutNodes(model.nodes, given)
  const paths = findGradientPaths(nodes, sites, [model.output], infos)
  const opset = model.opsets.get('') ?? 0
  const graph = new GradientGraph(
    { nodes: [], constants: model.constants },
    opset,
    infos,
    paths.tensors,
  )
  const inputs: GraphInput[] = [
    { name: pathInputs.pathOf, type: 'int64', shape: [null] },
    { name: pathInputs.alphas, type: 'float32', shape: [null] },
    { name: pathInputs.sums, type: 'float32', shape: [null, null] },
    { name: seedInput, type: 'float32', shape: undefined },
  ]
  const first: OnnxNode[] = []
  const named = (op: string, own: readonly string[], output: string): void => {
    first.push({ name: output, op, domain: '', inputs: own, outputs: [output], attributes: {} })
  }
  for (const { name, type } of model.inputs) {
    if (given.has(name)) continue
    inputs.push({ name: pathInputs.given(name), type, shape: undefined })
    named('Gather', [pathInputs.given(name), pathInputs.pathOf], name)
  }
  const ways = sites.map((site) => {
    inputs.push(
      ...[pathInputs.start(site), pathInputs.way(site)].map((name): GraphInput => ({
        name,
        type: 'float32',
        shape: undefined,
      })),
    )
    const start = graph.add('Gather', [pathInputs.start(site), pathInputs.pathOf])
    const way = graph.add('Gather', [pathInputs.way(site), pathInputs.pathOf])
    const rank = graph.rankOf(site)
    const column = graph.add('Reshape', [
      pathInputs.alphas,
      graph.integers(-1, ...Array.from({ length: rank - 1 }, () => 1)),
    ])
    named('Add', [start, graph.add('Mul', [way, column])], site)
    return way
  })
  const points = graph.nodes
  const whole = new GradientGraph(
    { nodes: [...points, ...first, ...nodes], constants: graph.constants },
    opset,
    infos,
    paths.tensors,
    graph,
  )
  const found = backpropagate(whole, paths, new Map([[model.output, seedInput]]))
  const gradients = sites.map((site, k) => {
    const gradient = paths.tensors.has(site) ? found.get(site) : undefined
    if (gradient === undefined) return undefined
    const terms = isScaled ? whole.add('Mul', [gradient, ways[k]!]) : gradient
    const rows = whole.add('Flatten', [terms], { axis: 1 })
    return whole.add('MatMul', [pathInputs.sums, rows])
  })
  const outputs = [...new Set(gradients.filter((gradient) => gradient !== undefined))]
  return {
    model: {
      opsets: model.opsets,
      graph: { ...keepNeeded(whole, outputs), inputs, outputs },
    },
    gradients,
  }
}
