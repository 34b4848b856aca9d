import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { sumCentredProducts } from '../kernels/channels.js'
import type { ParameterUse } from './parameter-use.js'
import type { TensorSegment } from './tensor-segment.js'

/**
 * The gradients of batch normalization in inference, y = (x − mean) · scale / √(variance + ε) +
 * offset: of the offset Σ_t δ, of the scale Σ_t δ (x − mean) / √(variance + ε). Undefined for other
 * parameters, and where the batch does not come first.
 */
export function batchNorm({
  parameter,
  parameterInput,
  call,
  delta,
  layout,
  batchSize,
}: ParameterUse): TensorSegment | undefined {
  const { x, mean, variance } = call.inputs as Readonly<Record<string, Tensor>>
  const channels = delta.shape.at(-1)!
  const isBatchFirst = layout.axis === 0 && layout.outer === 1
  if (!isBatchFirst || mean?.size !== channels || variance?.size !== channels) return undefined
  const values = sumsFor(parameterInput)
  return values && { kind: 'dense', parameter, size: channels, values }

  function sumsFor(input: string): Tensor | undefined {
    if (input === 'offset') return delta.reshape([batchSize, -1, channels]).sum(1)
    if (input !== 'scale') return undefined
    const { varianceEpsilon } = call.attributes as { readonly varianceEpsilon: number }
    const factors = tf.rsqrt(tf.add(variance!, varianceEpsilon))
    return sumCentredProducts(x!, delta, mean!, factors, batchSize)
  }
}
