import { tile1x1, tile1x16, tile1x4, tile2x16 } from './contraction-tiles'

/**
 * The filter gradient of one example: G[tap, c, p] = Σ over positions of image[position + tap, c] · δ[position, p].
 *
 * `image` [inHeight, inWidth, inChannels], `delta` [outHeight, outWidth, outChannels] and `gradient`
 * [filterHeight, filterWidth, inChannels, outChannels] are addresses of float32. Channels are contiguous;
 * pixels are `inStep` bytes apart, positions `outStep`.
 */
export function contract(
  image: usize,
  delta: usize,
  gradient: usize,
  inStep: i32,
  outStep: i32,
  inHeight: i32,
  inWidth: i32,
  inChannels: i32,
  filterHeight: i32,
  filterWidth: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  padTop: i32,
  padLeft: i32,
): void {
  const tapSize = <usize>((inChannels * outChannels) << 2)
  const pixelStep = strideWidth * inStep
  const imageRowStep = strideHeight * inWidth * inStep
  const deltaRowStep = outWidth * outStep
  for (let filterRow = 0; filterRow < filterHeight; filterRow++) {
    const top = filterRow * dilationHeight - padTop
    const firstRow = first(top, strideHeight)
    const rows = end(top, strideHeight, inHeight, outHeight) - firstRow
    for (let filterColumn = 0; filterColumn < filterWidth; filterColumn++) {
      const left = filterColumn * dilationWidth - padLeft
      const firstColumn = first(left, strideWidth)
      const columns = end(left, strideWidth, inWidth, outWidth) - firstColumn
      const inRow = firstRow * strideHeight + top
      const inColumn = firstColumn * strideWidth + left
      contractTap(
        image + (inRow * inWidth + inColumn) * inStep,
        delta + (firstRow * outWidth + firstColumn) * outStep,
        gradient,
        inChannels,
        outChannels,
        rows,
        columns,
        imageRowStep,
        deltaRowStep,
        pixelStep,
        outStep,
      )
      gradient += tapSize
    }
  }
}

/** Returns the first output whose patch meets the image at a tap. */
function first(offset: i32, stride: i32): i32 {
  return offset >= 0 ? 0 : (stride - 1 - offset) / stride
}

/** Returns one past the last of them. */
function end(offset: i32, stride: i32, inLength: i32, outLength: i32): i32 {
  const reach = inLength - 1 - offset
  return reach < 0 ? 0 : min<i32>(outLength, reach / stride + 1)
}

/** Computes all channels of one tap, two at a time; zeros if no position meets the image. */
function contractTap(
  image: usize,
  delta: usize,
  gradient: usize,
  inChannels: i32,
  outChannels: i32,
  rows: i32,
  columns: i32,
  imageRowStep: i32,
  deltaRowStep: i32,
  pixelStep: i32,
  positionStep: i32,
): void {
  const gradientStep = <usize>(outChannels << 2)
  let channel = 0
  while (channel < inChannels) {
    const channels = channel + 1 < inChannels ? 2 : 1
    const pixel = image + (channel << 2)
    let output = 0
    while (output < outChannels) {
      const left = outChannels - output
      const width = left >= 16 ? 16 : left >= 4 ? 4 : 1
      const position = delta + (output << 2)
      const to = gradient + ((channel * outChannels + output) << 2)
      if (width === 16 && channels === 2) {
        // prettier-ignore
        tile2x16(pixel, position, to, rows, columns, imageRowStep, deltaRowStep, pixelStep, positionStep, gradientStep)
      } else {
        for (let k = 0; k < channels; k++) {
          const from = pixel + (k << 2)
          const into = to + k * gradientStep
          // prettier-ignore
          if (width === 16) tile1x16(from, position, into, rows, columns, imageRowStep, deltaRowStep, pixelStep, positionStep)
          // prettier-ignore
          else if (width === 4) tile1x4(from, position, into, rows, columns, imageRowStep, deltaRowStep, pixelStep, positionStep)
          // prettier-ignore
          else tile1x1(from, position, into, rows, columns, imageRowStep, deltaRowStep, pixelStep, positionStep)
        }
      }
      output += width
    }
    channel += channels
  }
}
