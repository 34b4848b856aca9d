import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { findHeap } from './heap.js'

/**
 * Returns values · factors, the factors [channels] along the last axis. tfjs-wasm broadcasts
 * slowly.
 */
export function scaleChannels(values: Tensor, factors: Tensor): Tensor {
  const onHeap = findHeap()
  const channels = values.shape.at(-1)!
  const applies = factors.size === channels && factors.shape.at(-1) === channels
  if (onHeap === undefined || !applies) return tf.mul(values, factors)
  const { kernels, addressOf, allocate } = onHeap
  const products = allocate(values.shape)
  const addresses = [values, factors, products].map(addressOf)
  kernels.scaleChannels(...addresses, values.size / channels, channels)
  return products
}

/**
 * Returns factors · Σ_t dy (x − mean) of each example, [batch, channels]: x and dy [batch, …,
 * channels], mean and factors [channels].
 */
export function sumCentredProducts(
  x: Tensor,
  dy: Tensor,
  mean: Tensor,
  factors: Tensor,
  batch: number,
): Tensor {
  const onHeap = findHeap()
  const channels = x.shape.at(-1)!
  if (onHeap === undefined) {
    const products = tf.mul(dy, tf.sub(x, mean)).reshape([batch, -1, channels])
    return tf.mul(tf.sum(products, 1), factors)
  }
  const { kernels, addressOf, allocate } = onHeap
  const sums = allocate([batch, channels])
  const addresses = [x, dy, mean, factors, sums].map(addressOf)
  kernels.sumCentredProducts(...addresses, batch, x.size / batch / channels, channels)
  return sums
}

/**
 * Returns (x − mean) · factors + offsets along the last axis, all but x [channels]; undefined where
 * there is no heap.
 */
export function normalizeChannels(
  x: Tensor,
  mean: Tensor,
  factors: Tensor,
  offsets: Tensor,
): Tensor | undefined {
  const onHeap = findHeap()
  if (onHeap === undefined) return undefined
  const { kernels, addressOf, allocate } = onHeap
  const y = allocate(x.shape)
  const addresses = [x, mean, factors, offsets, y].map(addressOf)
  kernels.normalizeChannels(...addresses, x.size / mean.size, mean.size)
  return y
}
