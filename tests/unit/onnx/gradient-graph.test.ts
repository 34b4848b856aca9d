import { describe, expect, it } from 'vitest'
import { backpropagate, findGradientPaths } from '../../../src/onnx/graph/backpropagate.js'
import { GradientGraph } from '../../../src/onnx/graph/gradient-graph.js'
import type { TensorInfo } from '../../../src/onnx/graph/tensor-info.js'
import type { OnnxGraph, OnnxNode } from '../../../src/onnx/model/onnx-model.js'
import { toAttributes } from '../../../src/onnx/model/attributes.js'
import { createTensor, readNumbers } from '../../../src/onnx/model/tensor-data.js'
import { readModel } from '../../../src/onnx/model/read-model.js'
import { writeModel } from '../../../src/onnx/model/write-model.js'
import { CompiledGraph } from '../../../src/onnx/runtime/compiled-graph.js'
import { nodeRuntimes } from '../../support/onnx/runtimes.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectNear } from '../../support/references/differences.js'

const random = seededRandom(3)
const weights = {
  w: createTensor('float32', uniform(random, 12, [-1, 1]), [4, 3]),
  b: createTensor('float32', uniform(random, 3, [-1, 1]), [3]),
  v: createTensor('float32', uniform(random, 6, [-1, 1]), [3, 2]),
}

const nodeOf = (op: string, inputs: string[], output: string): OnnxNode => ({
  name: `the ${op}`,
  op,
  domain: '',
  inputs,
  outputs: [output],
  attributes: {},
})

/** y = relu(x w + b) v, with v transposed twice. */
const net: OnnxGraph = {
  name: 'net',
  nodes: [
    nodeOf('MatMul', ['x', 'w'], 'product'),
    nodeOf('Add', ['product', 'b'], 'sum'),
    nodeOf('Relu', ['sum'], 'hidden'),
    nodeOf('Transpose', ['v'], 'turned'),
    { ...nodeOf('Gemm', ['hidden', 'turned'], 'y'), attributes: toAttributes({ transB: 1 }) },
  ],
  constants: new Map(Object.entries(weights)),
  inputs: [{ name: 'x', type: 'float32', shape: [null, 4] }],
  outputs: ['y'],
  described: new Map(),
}

const infos = new Map<string, TensorInfo>(
  Object.entries({
    x: [null, 4],
    product: [null, 3],
    sum: [null, 3],
    hidden: [null, 3],
    turned: [2, 3],
    y: [null, 2],
  }).map(([name, shape]) => [name, { type: 'float32', shape }]),
)

const opsets = new Map([['', 18]])

const rows = 2

/** Σ y over all examples, in float64. */
function sumOfOutputs({ x, w, b, v }: Readonly<Record<string, Float64Array>>): number {
  let total = 0
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < 3; k++) {
      let sum = b![k]!
      for (let i = 0; i < 4; i++) sum += x![4 * row + i]! * w![3 * i + k]!
      total += Math.max(sum, 0) * (v![2 * k]! + v![2 * k + 1]!)
    }
  }
  return total
}

/** Float32 sums of a few numbers, compared with differences in float64. */
const tolerance = 1e-5

function differentiate(
  values: Readonly<Record<string, Float64Array>>,
  name: string,
): readonly number[] {
  const h = 1e-6
  const moved = (k: number, by: number): number =>
    sumOfOutputs({
      ...values,
      [name]: values[name]!.map((value, at) => (at === k ? value + by : value)),
    })
  return [...values[name]!.keys()].map((k) => (moved(k, h) - moved(k, -h)) / (2 * h))
}

describe.each(nodeRuntimes)('a gradient graph on $name', (device) => {
  it('computes the gradients of the input and the weights', async () => {
    const { graph } = readModel(writeModel({ graph: net, opsets }), () => {
      throw new Error('no external data')
    })
    const sources = ['x', 'w', 'b', 'v']
    const paths = findGradientPaths(graph.nodes, sources, ['y'], infos)
    const backward = new GradientGraph(graph, 18, infos, paths.tensors)
    const gradients = backpropagate(backward, paths, new Map([['y', backward.filledLike('y', 1)]]))
    const names = sources.map((source) => gradients.get(source)!)
    const compiled = await CompiledGraph.create(device, {
      opsets,
      graph: {
        ...graph,
        nodes: backward.nodes,
        constants: backward.constants,
        outputs: names,
      },
    })
    try {
      const x = uniform(random, rows * 4, [-1, 1])
      const outputs = await compiled.run(new Map([['x', { data: x, shape: [rows, 4] }]]))
      const values = {
        x: Float64Array.from(x),
        ...Object.fromEntries(
          Object.entries(weights).map(([name, tensor]) => [
            name,
            Float64Array.from(readNumbers(tensor)),
          ]),
        ),
      }
      for (const [k, source] of sources.entries()) {
        const gradient = outputs.get(names[k]!)
        expect(gradient?.shape).toEqual(
          source === 'x' ? [rows, 4] : graph.constants.get(source)?.shape,
        )
        expectNear(gradient!.data, differentiate(values, source), tolerance)
      }
    } finally {
      await compiled.release()
    }
  })
})

it('names all nodes on the path whose operators have no rule', () => {
  const nodes = [
    ...net.nodes,
    nodeOf('Det', ['y'], 'first'),
    { ...nodeOf('Custom', ['first'], 'last'), name: '', domain: 'com.example' },
  ]
  const paths = findGradientPaths(nodes, ['w'], ['last'], infos)
  const graph = new GradientGraph(net, 18, infos, paths.tensors)
  expect(() => backpropagate(graph, paths, new Map([['last', 'delta']]))).toThrow(
    "Det ('the Det'); com.example.Custom ('last')",
  )
})
