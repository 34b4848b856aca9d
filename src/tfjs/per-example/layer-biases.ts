import type { Tensor } from '@tensorflow/tfjs'
import type { LayerBias } from '../../gradients/block.js'
import type { TapeNode } from '../engine/engine.js'
import { inputsOf } from '../engine/tape.js'

/**
 * Finds the biases of layers, by the names of their kernels: what is added to the product with the kernel, and to nothing
 * else. A layer that is called several times has its bias in each call.
 *
 * @param visited the nodes that the backward pass went through
 * @param parameterOf the names of parameters by the ids of tensors with all their elements
 */
export function findLayerBiases(
  visited: readonly TapeNode[],
  parameterOf: ReadonlyMap<number, string>,
): Map<string, LayerBias> {
  const producers = new Map(visited.flatMap((node) => node.outputs.map(({ id }) => [id, node])))
  const userCounts = countBy(visited.flatMap((node) => inputsOf(node).map(([, { id }]) => id)))
  const useCounts = countBy(
    visited.flatMap((node) => inputsOf(node).flatMap(([, { id }]) => parameterOf.get(id) ?? [])),
  )
  const pairs: [string, LayerBias][] = []
  for (const node of visited) {
    const pair = readPair(node, parameterOf, producers, userCounts)
    if (pair !== undefined) pairs.push(pair)
  }
  const pairCounts = countBy(pairs.map(([kernel, { parameter }]) => `${kernel} ${parameter}`))
  return new Map(
    pairs.filter(([kernel, { parameter }]) => {
      const count = pairCounts.get(`${kernel} ${parameter}`)
      return useCounts.get(kernel) === count && useCounts.get(parameter) === count
    }),
  )
}

/** The kernel and the bias of an addition to the product with a kernel. */
function readPair(
  node: TapeNode,
  parameterOf: ReadonlyMap<number, string>,
  producers: ReadonlyMap<number, TapeNode>,
  userCounts: ReadonlyMap<number, number>,
): [string, LayerBias] | undefined {
  const { a, b } = node.inputs
  if (node.kernelName !== 'Add' || a === undefined || b === undefined) return undefined
  const [own, other] = parameterOf.has(b.id) ? [b, a] : [a, b]
  const parameter = parameterOf.get(own.id)
  const length = other.shape.at(-1)
  if (parameter === undefined || own.size !== length || own.shape.at(-1) !== length)
    return undefined
  // The gradient at the product must be that at the sum: nothing else uses the product.
  let product: Tensor = other
  let producer = producers.get(product.id)
  while (userCounts.get(product.id) === 1 && producer !== undefined) {
    const source = reshaped.has(producer.kernelName) ? producer.inputs['x'] : undefined
    if (source === undefined) {
      const layer = readLayer(producer, parameterOf)
      return layer && [layer.kernel, { parameter, input: layer.input }]
    }
    if (source.shape.at(-1) !== length) return undefined
    product = source
    producer = producers.get(product.id)
  }
  return undefined
}

/** The kernel of a product, if its outputs are along the last axis of the result. */
function readLayer(
  { kernelName, inputs, call }: TapeNode,
  parameterOf: ReadonlyMap<number, string>,
): { readonly kernel: string; readonly input: LayerBias['input'] } | undefined {
  const right = inputs[kernelName === 'BatchMatMul' ? 'b' : 'filter']
  const kernel = right && parameterOf.get(right.id)
  if (kernel === undefined) return undefined
  if (kernelName === 'Conv2D') return { kernel, input: 'a' }
  if (kernelName !== 'BatchMatMul') return undefined
  // Of a transposed kernel, the factors are in the other order.
  return { kernel, input: call?.attributes['transposeB'] === true ? 'delta' : 'a' }
}

const reshaped: ReadonlySet<string> = new Set(['Reshape', 'Identity'])

function countBy<Key>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
