import type { NdArray } from 'gradlens'
import { backpropagate, findGradientPaths } from '../../../src/onnx/graph/backpropagate.js'
import { GradientGraph } from '../../../src/onnx/graph/gradient-graph.js'
import type { TensorInfo } from '../../../src/onnx/graph/tensor-info.js'
import type { GraphInput, OnnxNode, OnnxTensor } from '../../../src/onnx/model/onnx-model.js'
import { readNumbers } from '../../../src/onnx/model/tensor-data.js'
import { avoidRuntimeFaults } from '../../../src/onnx/model/runtime-faults.js'
import { keepNeeded } from '../../../src/onnx/model/normalize.js'
import { CompiledGraph } from '../../../src/onnx/runtime/compiled-graph.js'
import type { RuntimeDevice } from '../../../src/onnx/runtime/runtime.js'
import { bytesOf, describeCase, type OperatorCase, type OperatorCases } from './operator-cases.js'

/** What a case's operator and its backward rule computed, against what was expected. */
export interface OperatorResult {
  readonly op: string
  readonly title: string
  /** The largest differences from the expected outputs and gradients, relative to the largest expected value. */
  readonly outputError: number
  readonly gradientError: number
}

/** Several cases as one graph, which a runtime compiles faster than one graph for each. */
class CaseGraph {
  readonly #all: OperatorCases
  readonly nodes: OnnxNode[] = []
  readonly constants = new Map<string, OnnxTensor>()
  readonly infos = new Map<string, TensorInfo>()
  readonly inputs: GraphInput[] = []
  readonly feeds = new Map<string, NdArray>()
  readonly sources: string[] = []
  readonly seeds = new Map<string, string>()

  constructor(all: OperatorCases) {
    this.#all = all
  }

  add(each: OperatorCase, prefix: string): void {
    const inputs = each.inputs.map((input, k) => {
      if (input === null) return ''
      const name = `${prefix}/x${k}`
      if (input.isConstant) this.#addConstant(name, input)
      else this.#addInput(name, input)
      if (each.gradients[k] !== undefined) this.sources.push(name)
      return name
    })
    const outputs = each.outputs.map((output, k) => (output === null ? '' : `${prefix}/y${k}`))
    for (const [k, output] of each.outputs.entries()) {
      if (output === null) continue
      this.infos.set(outputs[k]!, { type: output.type, shape: output.shape })
      const seed = each.seeds[k]
      if (seed === null || seed === undefined) continue
      // An input, so that the runtime can't compute the backward pass before it runs.
      this.#addInput(`${prefix}/seed${k}`, seed)
      this.seeds.set(outputs[k]!, `${prefix}/seed${k}`)
    }
    const { op, attributes } = each
    this.nodes.push({ name: prefix, op, domain: '', inputs, outputs, attributes })
  }

  #addConstant(name: string, place: NonNullable<OperatorCase['inputs'][number]>): void {
    const { type, shape } = place
    this.constants.set(name, { type, shape, bytes: bytesOf(this.#all, place) })
  }

  #addInput(name: string, place: NonNullable<OperatorCase['outputs'][number]>): void {
    const { type, shape } = place
    this.infos.set(name, { type, shape })
    this.inputs.push({ name, type, shape })
    const data = readNumbers({ type, shape, bytes: bytesOf(this.#all, place) })
    this.feeds.set(name, { data: Float64Array.from(data), shape })
  }
}

/** Runs cases of one opset, forward and backward, in one graph. */
async function runOperators(
  device: RuntimeDevice,
  all: OperatorCases,
  cases: readonly OperatorCase[],
): Promise<OperatorResult[]> {
  const built = new CaseGraph(all)
  for (const [k, each] of cases.entries()) built.add(each, `case${k}`)
  const opset = Math.max(...cases.map((each) => each.opset))
  const { nodes, constants } = avoidRuntimeFaults(built)
  const infos = await inferInfos(device, built, nodes, opset)
  const paths = findGradientPaths(nodes, built.sources, built.seeds.keys(), infos)
  const graph = new GradientGraph({ nodes, constants }, opset, infos, paths.tensors)
  const gradients = backpropagate(graph, paths, built.seeds)
  const outputs = built.nodes.flatMap((node) => node.outputs.filter((name) => name !== ''))
  const wanted = built.sources.flatMap((source) => gradients.get(source) ?? [])
  const fetched = [...new Set([...outputs, ...wanted])]
  const compiled = await CompiledGraph.create(device, {
    opsets: new Map([['', opset]]),
    graph: { ...keepNeeded(graph, fetched), inputs: built.inputs, outputs: fetched },
  })
  try {
    const results = await compiled.run(built.feeds)
    return cases.map((each, k) => ({
      op: each.op,
      title: describeCase(each),
      outputError: Math.max(
        ...each.outputs.map((output, i) =>
          output === null ? 0 : compare(results.get(`case${k}/y${i}`)!.data, all, output),
        ),
      ),
      gradientError: Math.max(
        0,
        ...Object.entries(each.gradients).map(([i, expected]) => {
          const name = gradients.get(`case${k}/x${i}`)
          const found = name === undefined ? undefined : results.get(name)!
          return compare(found?.data ?? [], all, expected)
        }),
      ),
    }))
  } finally {
    await compiled.release()
  }
}

/** Returns what is known about all tensors. Those that replaced nodes compute are run to learn their shapes. */
async function inferInfos(
  device: RuntimeDevice,
  built: CaseGraph,
  nodes: readonly OnnxNode[],
  opset: number,
): Promise<ReadonlyMap<string, TensorInfo>> {
  const outputs = nodes
    .flatMap((node) => node.outputs)
    .filter((name) => name !== '' && !built.infos.has(name))
  if (outputs.length === 0) return built.infos
  const compiled = await CompiledGraph.create(device, {
    opsets: new Map([['', opset]]),
    graph: {
      ...keepNeeded({ nodes, constants: built.constants }, outputs),
      inputs: built.inputs,
      outputs,
    },
  })
  try {
    return new Map([...built.infos, ...(await compiled.run(built.feeds))])
  } finally {
    await compiled.release()
  }
}

/** Returns the largest difference, relative to the largest expected value. What is missing counts as zeros. */
function compare(
  actual: ArrayLike<number>,
  all: OperatorCases,
  place: NonNullable<OperatorCase['outputs'][number]>,
): number {
  const expected = readNumbers({ ...place, bytes: bytesOf(all, place) })
  const scale = Math.max(1e-3, ...expected.map(Math.abs))
  if (actual.length !== 0 && actual.length !== expected.length) return Infinity
  const errors = expected.map((value, k) => Math.abs((actual[k] ?? 0) - value))
  return errors.some(Number.isNaN) ? NaN : Math.max(0, ...errors) / scale
}

/** Float32 sums of at most a few dozen terms, against differences in float64. */
const tolerance = 2e-5

/**
 * Runs a family's cases, and returns those with wrong outputs or gradients.
 *
 * @param tolerances by operator, for those that a device computes with fewer digits
 */
export async function findWrongCases(
  device: RuntimeDevice,
  all: OperatorCases,
  family: string,
  tolerances: Readonly<Record<string, number | undefined>> = {},
): Promise<OperatorResult[]> {
  const byOpset = new Map<number, OperatorCase[]>()
  for (const each of all.families[family]!) {
    byOpset.set(each.opset, [...(byOpset.get(each.opset) ?? []), each])
  }
  const results: OperatorResult[] = []
  for (const cases of byOpset.values()) results.push(...(await runOperators(device, all, cases)))
  return results.filter(
    ({ op, outputError, gradientError }) =>
      !(Math.max(outputError, gradientError) <= (tolerances[op] ?? tolerance)),
  )
}
