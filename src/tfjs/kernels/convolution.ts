import type { Tensor } from '@tensorflow/tfjs'
import type { ConvolutionGeometry } from '../../gradients/block.js'
import type { WindowAxis } from '../repairs/window.js'
import { type Heap, findHeap } from './heap.js'
import { bytesPerFloat32 } from '../../gradients/numbers/byte-sizes.js'

/** An offset and a value. */
const entrySize = 8

/**
 * Up to this share of numbers that are not 0, leaving out the zeros is faster (2-core EPYC,
 * 2026-11).
 */
const greatestDensity = 0.4

/**
 * The filter gradient of each example, [batch, kh · kw · C · p]; undefined where there is no heap.
 * A δ of mostly zeros, as maximum pools leave it, is taken without them.
 */
export function filterGradients(
  x: Tensor,
  delta: Tensor,
  geometry: ConvolutionGeometry,
): Tensor | undefined {
  const onHeap = findHeap()
  if (onHeap === undefined) return undefined
  const { kernels, addressOf, allocate } = onHeap
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = geometry
  const { filterHeight, filterWidth, strideHeight, strideWidth } = geometry
  const { dilationHeight, dilationWidth, padTop, padLeft } = geometry
  const batch = x.shape[0]
  const filterSize = filterHeight * filterWidth * inChannels * outChannels
  const gradients = allocate([batch, filterSize])
  const window = [strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft]
  if (isSparse(onHeap, delta, inChannels)) {
    const reachHeight = (outHeight - 1) * strideHeight + (filterHeight - 1) * dilationHeight + 1
    const reachWidth = (outWidth - 1) * strideWidth + (filterWidth - 1) * dilationWidth + 1
    const padded = allocate([reachHeight, reachWidth, inChannels])
    kernels.zero(addressOf(padded), padded.size * bytesPerFloat32)
    const lists = allocate([(outHeight * outWidth * outChannels * entrySize) / bytesPerFloat32])
    const ends = allocate([outChannels])
    const sums = allocate([inChannels])
    kernels.sparseFilterGradients(
      ...[x, delta, gradients, padded, lists, ends, sums].map(addressOf),
      ...[batch, inChannels, outChannels, inHeight, inWidth, outHeight, outWidth],
      ...[filterHeight, filterWidth, ...window],
    )
    for (const scratch of [padded, lists, ends, sums]) scratch.dispose()
    return gradients
  }
  const [imageSize, deltaSize] = [x, delta].map(({ size }) => (size / batch) * bytesPerFloat32)
  const [image, position, gradient] = [x, delta, gradients].map(addressOf)
  for (let example = 0; example < batch; example++) {
    kernels.contract(
      image! + example * imageSize!,
      position! + example * deltaSize!,
      gradient! + example * filterSize * bytesPerFloat32,
      ...[inChannels * bytesPerFloat32, outChannels * bytesPerFloat32],
      ...[inHeight, inWidth, inChannels, filterHeight, filterWidth],
      ...[outHeight, outWidth, outChannels, ...window],
    )
  }
  return gradients
}

/**
 * ∂/∂x of a 2-D convolution from a δ of mostly zeros; undefined for others, and where there is no
 * heap.
 */
export function sparseInputGradient(
  delta: Tensor,
  filter: Tensor,
  axes: readonly WindowAxis[],
): Tensor | undefined {
  const onHeap = findHeap()
  const [tapsHeight, tapsWidth, inChannels, outChannels] = filter.shape as [
    number,
    number,
    number,
    number,
  ]
  if (onHeap === undefined || !isSparse(onHeap, delta, inChannels)) return undefined
  const { kernels, addressOf, allocate } = onHeap
  const exchanged = allocate([tapsHeight, tapsWidth, outChannels, inChannels])
  const taps = tapsHeight * tapsWidth
  const addresses = [filter, exchanged].map(addressOf)
  kernels.exchangeChannels(...addresses, 0, taps, inChannels, outChannels)
  const list = allocate([(outChannels * entrySize) / bytesPerFloat32])
  const batch = delta.shape[0]
  const dx = allocate([batch, ...axes.map(({ input }) => input), inChannels])
  kernels.sparseInputGradient(
    ...[delta, exchanged, dx, list].map(addressOf),
    ...[batch, inChannels, outChannels],
    ...(['input', 'output', 'taps', 'stride', 'dilation', 'before'] as const).flatMap((name) =>
      axes.map((axis) => axis[name]),
    ),
  )
  exchanged.dispose()
  list.dispose()
  return dx
}

function isSparse({ kernels, addressOf }: Heap, delta: Tensor, inChannels: number): boolean {
  if (inChannels < 16 || inChannels % 4 !== 0) return false
  return kernels.countNonZeros(addressOf(delta), delta.size) <= greatestDensity * delta.size
}
