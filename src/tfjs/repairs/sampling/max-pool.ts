import * as tf from '@tensorflow/tfjs'
import type { Attributes, Kernel } from '../../kernel.js'
import { findHeap } from '../../kernels/heap.js'
import { allocate, readInPlace } from '../in-place.js'
import { windowAxes, type WindowAttributes, type WindowAxis } from '../window.js'

type Visit = (inputOffsets: Int32Array, outputOffset: number) => void

/**
 * ∂/∂x of a maximum pool over any number of spatial axes, on the host: each dy goes to its window's
 * maximum, to the first one of a tie in row-major order. The wasm backend's own takes 0 for the
 * least value that a maximum can have, and so loses every window without a positive one.
 */
function maxPoolGradient(kernelName: string): Kernel {
  return ({ dy, input }, attributes) => {
    const x = input!
    const outputGradient = dy!
    const channels = x.shape.at(-1)!
    const { tensor, values: result } = allocate(x.shape)
    const { buffer, byteOffset, length } = readInPlace(x)
    const bits = new Int32Array(buffer, byteOffset, length)
    const gradients = readInPlace(outputGradient)
    const axes = poolAxes(kernelName, x.shape, outputGradient.shape, attributes)
    forEachWindow(x.shape[0], channels, axes, (inputOffsets, outputOffset) => {
      const first = inputOffsets[0]!
      for (let channel = 0; channel < channels; channel++) {
        let winner = first
        let maximum = toOrderedBits(bits[first + channel]!)
        for (let tap = 1; tap < inputOffsets.length; tap++) {
          const candidate = inputOffsets[tap]!
          const value = toOrderedBits(bits[candidate + channel]!)
          // Compares with a mask: a branch would be mispredicted every other time and take twice as
          // long (2-core EPYC, 2026-11).
          const difference = (maximum - value) | 0
          const isLess = (difference ^ ((maximum ^ value) & (difference ^ maximum))) >> 31
          maximum ^= (maximum ^ value) & isLess
          winner ^= (winner ^ candidate) & isLess
        }
        const gradient = gradients[outputOffset + channel]!
        result[winner + channel] = result[winner + channel]! + gradient
      }
    })
    return tensor
  }
}

/**
 * Returns a float32's bits as an integer with the same order as the floats. Both zeros are equal.
 */
function toOrderedBits(bits: number): number {
  const sign = bits >> 31
  return (((bits & 0x7fffffff) ^ sign) - sign) | 0
}

const maxPool2DGradOnHost: Kernel = maxPoolGradient('MaxPool')

export const maxPool2DGrad: Kernel = (inputs, attributes) => {
  const onHeap = findHeap()
  if (onHeap === undefined) return maxPool2DGradOnHost(inputs, attributes)
  const { kernels, addressOf, allocate: empty } = onHeap
  const x = inputs['input']!
  const dy = inputs['dy']!
  const axes = poolAxes('MaxPool', x.shape, dy.shape, attributes)
  const dx = empty(x.shape)
  kernels.maxPoolGradient(
    ...[x, dy, dx].map(addressOf),
    ...[x.shape[0], x.shape.at(-1)!],
    ...(['input', 'output', 'taps', 'stride', 'dilation', 'before'] as const).flatMap((name) =>
      axes.map((axis) => axis[name]),
    ),
  )
  return dx
}

export const maxPool3DGrad: Kernel = maxPoolGradient('MaxPool3D')

/** The forward 3-D pool for wasm, whose own counts padding as 0 and so has no maximum below 0. */
export const maxPool3D: Kernel = ({ x }, attributes) => {
  const input = x as tf.Tensor5D
  const channels = input.shape[4]
  const { strides, filterSize, pad, dimRoundingMode } = attributes as unknown as WindowAttributes
  const { outShape } = tf.backend_util.computePool3DInfo(
    input.shape,
    filterSize as number,
    strides as number,
    1,
    pad as 'valid' | 'same',
    dimRoundingMode as undefined,
  )
  const { tensor, values: result } = allocate(outShape)
  const values = readInPlace(input)
  const axes = poolAxes('MaxPool3D', input.shape, outShape, attributes)
  forEachWindow(input.shape[0], channels, axes, (inputOffsets, outputOffset) => {
    for (let channel = 0; channel < channels; channel++) {
      let maximum = values[inputOffsets[0]! + channel]!
      for (let tap = 1; tap < inputOffsets.length; tap++) {
        const value = values[inputOffsets[tap]! + channel]!
        if (value > maximum) maximum = value
      }
      result[outputOffset + channel] = maximum
    }
  })
  return tensor
}

export function poolAxes(
  kernelName: string,
  inputShape: readonly number[],
  outputShape: readonly number[],
  attributes: Attributes,
): WindowAxis[] {
  const { filterSize } = attributes as unknown as WindowAttributes
  return windowAxes(kernelName, inputShape, outputShape, filterSize ?? 1, attributes)
}

/**
 * Visits each window that meets the input, with the offsets (of channel 0) of its inputs and of its
 * output.
 */
function forEachWindow(
  batch: number,
  channels: number,
  axes: readonly WindowAxis[],
  visit: Visit,
): void {
  const positions = axes.map((axis) =>
    Array.from({ length: axis.output }, (_, output) => findInputsAt(axis, output)),
  )
  const descend = (depth: number, inputs: Int32Array, output: number): void => {
    const axis = axes[depth]
    if (axis === undefined) {
      if (inputs.length > 0)
        visit(
          inputs.map((index) => index * channels),
          output * channels,
        )
      return
    }
    positions[depth]?.forEach((met, index) => {
      const next = new Int32Array(inputs.length * met.length)
      let end = 0
      for (const base of inputs) for (const at of met) next[end++] = base * axis.input + at
      descend(depth + 1, next, output * axis.output + index)
    })
  }
  for (let example = 0; example < batch; example++) descend(0, Int32Array.of(example), example)
}

/** Returns the inputs within bounds in the window of output o. */
function findInputsAt({ input, taps, stride, dilation, before }: WindowAxis, o: number): number[] {
  return Array.from({ length: taps }, (_, tap) => o * stride + tap * dilation - before).filter(
    (index) => index >= 0 && index < input,
  )
}
