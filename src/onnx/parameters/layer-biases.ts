import type { LayerBias } from '../../gradients/block.js'
import type { TensorInfo } from '../graph/tensor-info.js'
import { readFloat, readInt } from '../model/attributes.js'
import type { OnnxNode } from '../model/onnx-model.js'

interface Pair {
  readonly kernel: string
  readonly bias: LayerBias
}

/**
 * Finds the biases of layers, by the names of their kernels: what is added to the product with the kernel, and to nothing
 * else. A layer that is called several times has its bias in each call.
 *
 * @param nodes those that the backward pass goes through
 */
export function findLayerBiases(
  nodes: readonly OnnxNode[],
  parameters: ReadonlySet<string>,
  infos: ReadonlyMap<string, TensorInfo>,
): Map<string, LayerBias> {
  const useCounts = countBy(nodes.flatMap(({ inputs }) => inputs))
  const producers = new Map(nodes.map((node) => [node.outputs[0]!, node]))
  const pairs = nodes.flatMap((node): Pair[] => {
    const pair = readWhole(node) ?? readSum(node)
    return pair !== undefined && parameters.has(pair.bias.parameter) ? [pair] : []
  })
  const pairCounts = countBy(pairs.map(nameOf))
  return new Map(
    pairs
      .filter((pair) => {
        const count = pairCounts.get(nameOf(pair))
        const { kernel, bias } = pair
        return useCounts.get(kernel) === count && useCounts.get(bias.parameter) === count
      })
      .map(({ kernel, bias }) => [kernel, bias]),
  )

  /** Operators that add a bias themselves. */
  function readWhole(node: OnnxNode): Pair | undefined {
    const [, kernel = '', parameter = ''] = node.inputs
    if (!parameters.has(kernel) || parameter === '') return undefined
    if (node.op === 'Conv') return { kernel, bias: { parameter, input: 'a' } }
    if (node.op !== 'Gemm' || !isOutputSized(parameter, node.outputs[0]!)) return undefined
    const isScaled = ['alpha', 'beta'].some((name) => readFloat(node, name, 1) !== 1)
    const isTransposed = readInt(node, 'transB', 0) === 1
    // Of a transposed kernel, the factors are in the other order.
    return isScaled
      ? undefined
      : { kernel, bias: { parameter, input: isTransposed ? 'delta' : 'a' } }
  }

  /** The sum of a bias and the product with a kernel. */
  function readSum({ op, inputs, outputs }: OnnxNode): Pair | undefined {
    if (op !== 'Add') return undefined
    const [parameter, product] = parameters.has(inputs[0]!) ? inputs : inputs.toReversed()
    const producer = producers.get(product!)
    const kernel = producer?.inputs[1]
    if (producer?.op !== 'MatMul' || kernel === undefined || !parameters.has(kernel)) {
      return undefined
    }
    if (useCounts.get(product!) !== 1 || infos.get(kernel)?.shape.length !== 2) return undefined
    if (!isOutputSized(parameter!, outputs[0]!)) return undefined
    return { kernel, bias: { parameter: parameter!, input: 'a' } }
  }

  /** True for a vector with one number for each index of the output's last axis. */
  function isOutputSized(parameter: string, output: string): boolean {
    const shape = infos.get(parameter)?.shape
    const length = infos.get(output)?.shape.at(-1)
    return shape?.length === 1 && typeof length === 'number' && shape[0] === length
  }
}

const nameOf = ({ kernel, bias }: Pair): string => `${kernel} ${bias.parameter}`

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
