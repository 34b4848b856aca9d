import type { NamedTensorMap } from '@tensorflow/tfjs'
import type { Attributes } from '../kernel.js'

/**
 * XNNPACK, wasm's kernels, copies weights into an order of its own: matrices and filters, at most the largest tensor.
 * The rest is room for small buffers.
 */
export const kernelWorkspace: number = 16 * 2 ** 20

const bytesPerPointer = 4
/** XNNPACK rounds the number of outputs up to one of its tiles. */
const largestTile = 16

let pointerBytes = 0

/** The bytes that the kernel now running may allocate, without copies of its weights. */
export const neededWorkspace = (): number => kernelWorkspace + pointerBytes

/** Runs a kernel. Its allocations leave the room that it needs itself. */
export function withKernelWorkspace<Result>(
  name: string,
  inputs: NamedTensorMap,
  attributes: Attributes,
  run: () => Result,
): Result {
  const outer = pointerBytes
  pointerBytes = countPointers(name, inputs, attributes) * bytesPerPointer
  try {
    return run()
  } finally {
    pointerBytes = outer
  }
}

type Pair = readonly [number, number]
type Given = number | readonly number[]

/**
 * Kernels over windows list where each output looks: 225 pointers for each output of a 15×15 filter. If there is no room
 * for the list, XNNPACK only writes to the console, and the output stays as the heap was.
 */
function countPointers(
  name: string,
  { x, filter }: NamedTensorMap,
  attributes: Attributes,
): number {
  const window = filter?.shape ?? attributes['filterSize']
  if (!windowKernels.has(name) || x === undefined || window === undefined) return 0
  const lengths = asPair(window as Given)
  const strides = asPair((attributes['strides'] as Given | undefined) ?? 1)
  const dilations = asPair((attributes['dilations'] as Given | null | undefined) ?? 1)
  const axes = attributes['dataFormat'] === 'NCHW' ? [2, 3] : [1, 2]
  const outputs = axes.map((axis, k) => {
    if (attributes['pad'] === 'same') return Math.ceil(x.shape[axis]! / strides[k]!)
    const reach = (lengths[k]! - 1) * dilations[k]! + 1
    const room = x.shape[axis]! + paddingOf(attributes['pad'], axis) - reach
    return Math.ceil(room / strides[k]!) + 1
  })
  return lengths[0] * lengths[1] * (outputs[0]! * outputs[1]! + largestTile)
}

const windowKernels: ReadonlySet<string> = new Set([
  'AvgPool',
  'Conv2D',
  'DepthwiseConv2dNative',
  'FusedConv2D',
  'FusedDepthwiseConv2D',
  'MaxPool',
])

const asPair = (value: Given): Pair =>
  typeof value === 'number' ? [value, value] : [value[0]!, value[1]!]

/** What is added to an axis on both sides; nothing for 'valid'. */
function paddingOf(pad: unknown, axis: number): number {
  if (typeof pad === 'number') return 2 * pad
  if (!Array.isArray(pad)) return 0
  const [before = 0, after = 0] = (pad as readonly (readonly number[])[])[axis] ?? []
  return before + after
}
