import { backpropagate, findGradientPaths } from '../../../src/onnx/graph/backpropagate.js'
import { GradientGraph } from '../../../src/onnx/graph/gradient-graph.js'
import type { TensorInfo } from '../../../src/onnx/graph/tensor-info.js'
import { keepNeeded, normalizeModel } from '../../../src/onnx/model/normalize.js'
import type { GraphInput, OnnxModel } from '../../../src/onnx/model/onnx-model.js'
import { raiseOpset } from '../../../src/onnx/model/raise-opset.js'
import { isFloat, readNumbers } from '../../../src/onnx/model/tensor-data.js'
import { CompiledGraph } from '../../../src/onnx/runtime/compiled-graph.js'
import type { RuntimeDevice } from '../../../src/onnx/runtime/runtime.js'
import type { NdArray } from '../../../src/ndarray.js'
import { seededRandom } from '../random.js'

/** A model's outputs, and how far its gradients are from differences of its outputs. */
export interface ModelCheck {
  readonly outputs: ReadonlyMap<string, NdArray>
  /**
   * The largest difference between a derivative along a direction and the difference quotient, relative to the length
   * of the gradient; undefined if no float output depends on a float input or constant.
   */
  readonly gradientError: number | undefined
}

type Values = ReadonlyMap<string, NdArray>

/** Larger constants, and further ones, aren't moved. */
const largestConstant = 20_000
const mostConstants = 20

/** Derivatives smaller than this, relative to those of an output in proportion to its input, are rounding errors. */
const smallestDerivative = 1e-3

/**
 * Runs a model with its backward pass, and compares the gradients of its float inputs and constants with differences of
 * its outputs.
 *
 * @throws UnsupportedError for models that the adapter refuses
 */
export async function checkModel(
  device: RuntimeDevice,
  given: OnnxModel,
  feeds: Values,
): Promise<ModelCheck> {
  const raised = raiseOpset(given)
  const { model } = normalizeModel(raised, raised.graph.outputs)
  const moved = [...model.graph.constants]
    .filter(
      ([, { type, shape, bytes }]) =>
        isFloat(type) && shape.length > 0 && bytes.length > 4 && bytes.length < 4 * largestConstant,
    )
    .slice(0, mostConstants)
  // As inputs, constants can be moved too.
  const inputs: readonly GraphInput[] = [
    ...model.graph.inputs,
    ...moved.map(([name, { type, shape }]) => ({ name, type, shape })),
  ]
  const constants = new Map(model.graph.constants)
  const values = new Map(feeds)
  for (const [name, tensor] of moved) {
    constants.delete(name)
    values.set(name, { data: Float32Array.from(readNumbers(tensor)), shape: tensor.shape })
  }
  const nodes = model.graph.nodes
  const run = async (
    graph: Pick<OnnxModel['graph'], 'nodes' | 'constants'>,
    outputs: readonly string[],
    more: readonly GraphInput[] = [],
  ): Promise<CompiledGraph> =>
    CompiledGraph.create(device, {
      opsets: model.opsets,
      graph: { ...keepNeeded(graph, outputs), inputs: [...inputs, ...more], outputs },
    })

  const tensors = nodes.flatMap((node) => node.outputs.filter((name) => name !== ''))
  const probe = await run({ nodes, constants }, tensors)
  const probed = await probe.run(values)
  await probe.release()
  const infos = new Map<string, TensorInfo>(
    [...model.graph.constants].map(([name, { type, shape }]) => [name, { type, shape }]),
  )
  for (const { name, type } of inputs) infos.set(name, { type, shape: values.get(name)!.shape })
  for (const [name, { type, shape }] of probed) infos.set(name, { type, shape })

  const outputs = new Map(model.graph.outputs.map((name) => [name, probed.get(name)!]))
  const sources = inputs.filter(({ type }) => isFloat(type)).map(({ name }) => name)
  const starts = model.graph.outputs.filter((name) => isFloat(infos.get(name)!.type))
  const paths = findGradientPaths(nodes, sources, starts, infos)
  const reached = sources.filter((source) => paths.tensors.has(source))
  if (reached.length === 0) return { outputs, gradientError: undefined }

  const opset = model.opsets.get('') ?? 0
  const graph = new GradientGraph({ nodes, constants }, opset, infos, paths.tensors)
  const seeds = new Map(
    starts.filter((name) => paths.tensors.has(name)).map((name) => [name, `seed of ${name}`]),
  )
  const gradients = backpropagate(graph, paths, seeds)
  const random = seededRandom(5)
  const weights = new Map(
    [...seeds.keys()].map((name) => [name, randomLike(outputs.get(name)!, random)]),
  )
  const isNumber = [...outputs.values()].every(({ data }) => !Array.from(data).some(Number.isNaN))
  const points = pointNear(
    values,
    given.graph.inputs.map(({ name }) => name).filter((name) => sources.includes(name)),
    !isNumber,
  )
  const backward = await run(
    graph,
    [...new Set(reached.map((name) => gradients.get(name)!))],
    [...seeds.values()].map((name): GraphInput => ({ name, type: 'float32', shape: undefined })),
  )
  const found = await backward.run(
    new Map([...points, ...[...seeds].map(([name, seed]) => [seed, weights.get(name)!] as const)]),
  )
  await backward.release()

  const forward = await run({ nodes, constants }, [...seeds.keys()])
  let magnitude = 0
  for (const [name, { data }] of await forward.run(points)) {
    const own = weights.get(name)!.data
    for (const [k, value] of (data as Float32Array).entries())
      magnitude += Math.abs(value * own[k]!)
  }
  const errors: number[] = []
  for (const name of reached) {
    const gradient = found.get(gradients.get(name)!)!.data as Float32Array
    errors.push(await compareWithDifferences(name, gradient))
  }
  await forward.release()
  return { outputs, gradientError: Math.max(...errors) }

  async function loss(point: Values): Promise<number> {
    let total = 0
    for (const [name, { data }] of await forward.run(point)) {
      const own = weights.get(name)!.data
      for (const [k, value] of (data as Float32Array).entries()) total += value * own[k]!
    }
    return total
  }

  /** Along the gradient, and along a random direction; with the step that agrees best. */
  async function compareWithDifferences(name: string, gradient: Float32Array): Promise<number> {
    const { data, shape } = points.get(name)!
    const length = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0)) || 1
    const largestSlope = largestOf(gradient) || 1
    const size = largestOf(data as Float32Array) || 1
    const directions = [
      gradient.map((value) => value / largestSlope),
      randomLike({ data, shape }, random).data,
    ]
    let largest = 0
    for (const [k, direction] of directions.entries()) {
      const expected = gradient.reduce((sum, value, at) => sum + value * direction[at]!, 0)
      // What the derivative is along this direction, or along one like it.
      const slope = k === 0 ? length ** 2 / largestSlope : length / Math.sqrt(3)
      const scale = Math.max(slope, (smallestDerivative * magnitude) / size)
      let best = Infinity
      for (const step of steps) {
        const at = (sign: number): Values => {
          const point = Float32Array.from(
            data as Float32Array,
            (value, i) => value + sign * step * size * direction[i]!,
          )
          return new Map([...points, [name, { data: point, shape }]])
        }
        const difference = (await loss(at(1))) - (await loss(at(-1)))
        const error = Math.abs(difference / (2 * step * size) - expected) / scale
        // A step out of the domain of a function gives NaN.
        if (error < best) best = error
        if (best < 1e-4) break
      }
      largest = Math.max(largest, best)
    }
    return largest
  }
}

/** Long ones for exact differences of float32 numbers, short ones between kinks. */
const steps = [0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001, 0.00003, 0.00001]

const largestOf = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

/**
 * Returns the point where gradients are checked: near the given one, so that equal numbers aren't tied, and where the
 * outputs are numbers.
 */
function pointNear(feeds: Values, sources: readonly string[], isPositive: boolean): Values {
  const random = seededRandom(6)
  return new Map(
    [...feeds].map(([name, { data, shape }]) => {
      if (!sources.includes(name)) return [name, { data, shape }]
      const values = Float32Array.from(data as Float32Array, (value) => {
        // Some of ONNX's tests have doubles beyond the range of float32.
        const moved = Math.abs(value) < 1e10 ? value * (1 + 0.2 * random()) : random()
        return isPositive ? Math.abs(moved) : moved
      })
      return [name, { data: values, shape }]
    }),
  )
}

function randomLike(
  array: NdArray,
  random: () => number,
): { data: Float32Array; shape: readonly number[] } {
  return {
    data: Float32Array.from({ length: array.data.length }, () => 2 * random() - 1),
    shape: array.shape,
  }
}
