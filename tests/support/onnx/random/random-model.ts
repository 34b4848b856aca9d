import { seededRandom } from '../../../../src/random.js'
import { bytesOf } from '../onnx-models.js'
import { RandomBuilder, type Tensor } from './random-builder.js'
import { steps } from './random-steps.js'

/** A model of random operators, as the bytes of its file. */
export interface RandomOnnxModel {
  readonly bytes: Uint8Array
  /** The shape of one example. */
  readonly shape: readonly number[]
  readonly description: string
}

/** Builds a model of two to eight random operators with an input of two to four axes. */
export function randomOnnxModel(seed: number): RandomOnnxModel {
  const builder = new RandomBuilder(seededRandom(seed))
  const rank = builder.integer(1, 3)
  const shape = Array.from({ length: rank }, () => builder.integer(2, 6))
  let tensor: Tensor = { name: 'x', shape }
  const count = builder.integer(2, 8)
  while (builder.tensors.length < count) {
    const previous: Tensor = tensor
    const options = steps.filter(({ ranks }) => ranks.includes(previous.shape.length))
    tensor = builder.pick(options).add(builder, previous)
    builder.tensors.push(tensor)
  }
  const output = builder.node('Identity', [tensor.name], 'y')
  const { nodes, constants } = builder
  const used = nodes.map(({ op }) => op).filter((op) => op !== 'Identity')
  return {
    bytes: bytesOf({ nodes, constants, inputs: { x: shape }, outputs: [output], opset: 20 }),
    shape,
    description: `[N, ${shape.join(', ')}] ${used.join(' ')}`,
  }
}
