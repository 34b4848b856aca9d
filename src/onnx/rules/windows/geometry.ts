import type { GradientGraph } from '../../graph/gradient-graph.js'
import { readInts, readString } from '../../model/attributes.js'
import type { OnnxNode } from '../../model/onnx-model.js'
import { fixedLength, range } from '../constants.js'

/** The windows of one axis: window o covers the positions o · stride − before + k · dilation. */
export interface WindowAxis {
  readonly axis: number
  readonly kernel: number
  readonly stride: number
  readonly dilation: number
  /** The padding at the start, and at the end as far as windows reach; negative if they leave out positions there. */
  readonly before: number
  readonly after: number
  /** The padding at the end that the model states, which may be more or less than the windows need. */
  readonly paddingAfter: number
  /** The number of positions, and of windows. */
  readonly length: number
  readonly count: number
}

/**
 * Returns the windows of each axis after the batch and the channels.
 *
 * @param positions the tensor that windows move over
 * @param windows the tensor with one position for each window
 */
export function readWindows(
  node: OnnxNode,
  positions: string,
  windows: string,
  kernel: readonly number[],
  graph: GradientGraph,
): WindowAxis[] {
  const strides = readInts(node, 'strides')
  const dilations = readInts(node, 'dilations')
  const pads = readInts(node, 'pads')
  const automatic = readString(node, 'auto_pad', 'NOTSET')
  // Of a transposed convolution: the padding follows from the length of the output.
  const isFitted = automatic.startsWith('SAME') || node.attributes['output_shape'] !== undefined
  return range(kernel.length).map((k) => {
    const axis = k + 2
    const [stride, dilation] = [strides?.[k] ?? 1, dilations?.[k] ?? 1]
    const length = fixedLength(node, positions, axis, graph)
    const count = fixedLength(node, windows, axis, graph)
    const needed = (count - 1) * stride + (kernel[k]! - 1) * dilation + 1
    const spare = node.op === 'ConvTranspose' ? needed - length : Math.max(0, needed - length)
    const small = Math.floor(spare / 2)
    const given = [k, k + kernel.length].map((at) =>
      automatic === 'VALID' ? 0 : (pads?.[at] ?? 0),
    )
    const fitted = automatic === 'SAME_UPPER' ? [small, spare - small] : [spare - small, small]
    const [before, paddingAfter] = (isFitted ? fitted : given) as [number, number]
    const after = needed - length - before
    return {
      axis,
      kernel: kernel[k]!,
      stride,
      dilation,
      before,
      after,
      paddingAfter,
      length,
      count,
    }
  })
}
