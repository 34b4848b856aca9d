/**
 * The filter gradient of one example: G[tap, c, p] = Σ over positions of image[position + tap, c] · δ[position, p].
 * f32x4, 2 channels × 16 outputs in registers; the rest 1 × 4, then 1 × 1.
 *
 * `image` [inHeight, inWidth, inChannels], `delta` [outHeight, outWidth, outChannels] and `gradient`
 * [filterHeight, filterWidth, inChannels, outChannels] are addresses of float32.
 */
export function contract(
  image: usize,
  delta: usize,
  gradient: usize,
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
  for (let filterRow = 0; filterRow < filterHeight; filterRow++) {
    const top = filterRow * dilationHeight - padTop
    const firstRow = first(top, strideHeight)
    const endRow = end(top, strideHeight, inHeight, outHeight)
    for (let filterColumn = 0; filterColumn < filterWidth; filterColumn++) {
      const left = filterColumn * dilationWidth - padLeft
      const firstColumn = first(left, strideWidth)
      const columns = end(left, strideWidth, inWidth, outWidth) - firstColumn
      const tap =
        gradient + (((filterRow * filterWidth + filterColumn) * inChannels * outChannels) << 2)
      let channel = 0
      while (channel < inChannels) {
        const pair = channel + 1 < inChannels
        let output = 0
        while (output < outChannels) {
          const left16 = outChannels - output >= 16
          const to = tap + ((channel * outChannels + output) << 2)
          if (pair && left16) {
            tile2x16(
              image,
              delta,
              to,
              channel,
              output,
              inWidth,
              inChannels,
              outWidth,
              outChannels,
              strideHeight,
              strideWidth,
              top,
              left,
              firstRow,
              endRow,
              firstColumn,
              columns,
            )
            output += 16
          } else {
            const width = outChannels - output >= 4 ? 4 : 1
            tile(
              image,
              delta,
              to,
              channel,
              output,
              inWidth,
              inChannels,
              outWidth,
              outChannels,
              strideHeight,
              strideWidth,
              top,
              left,
              firstRow,
              endRow,
              firstColumn,
              columns,
              width,
            )
            if (pair) {
              tile(
                image,
                delta,
                to + (outChannels << 2),
                channel + 1,
                output,
                inWidth,
                inChannels,
                outWidth,
                outChannels,
                strideHeight,
                strideWidth,
                top,
                left,
                firstRow,
                endRow,
                firstColumn,
                columns,
                width,
              )
            }
            output += width
          }
        }
        channel += pair ? 2 : 1
      }
    }
  }
}

/** The first output whose patch meets the image at a tap. */
function first(offset: i32, stride: i32): i32 {
  return offset >= 0 ? 0 : (stride - 1 - offset) / stride
}

/** One past the last of them. */
function end(offset: i32, stride: i32, inLength: i32, outLength: i32): i32 {
  const reach = inLength - 1 - offset
  return reach < 0 ? 0 : min<i32>(outLength, reach / stride + 1)
}

function tile2x16(
  image: usize,
  delta: usize,
  to: usize,
  channel: i32,
  output: i32,
  inWidth: i32,
  inChannels: i32,
  outWidth: i32,
  outChannels: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
  firstRow: i32,
  endRow: i32,
  firstColumn: i32,
  columns: i32,
): void {
  let a0 = f32x4.splat(0)
  let a1 = f32x4.splat(0)
  let a2 = f32x4.splat(0)
  let a3 = f32x4.splat(0)
  let b0 = f32x4.splat(0)
  let b1 = f32x4.splat(0)
  let b2 = f32x4.splat(0)
  let b3 = f32x4.splat(0)
  const pixelStep = <usize>((strideWidth * inChannels) << 2)
  const positionStep = <usize>(outChannels << 2)
  for (let outRow = firstRow; outRow < endRow; outRow++) {
    const inRow = outRow * strideHeight + top
    const inColumn = firstColumn * strideWidth + left
    let pixel = image + (((inRow * inWidth + inColumn) * inChannels + channel) << 2)
    let position = delta + (((outRow * outWidth + firstColumn) * outChannels + output) << 2)
    for (let k = 0; k < columns; k++) {
      const x = v128.load32_splat(pixel)
      const y = v128.load32_splat(pixel, 4)
      const d0 = v128.load(position)
      const d1 = v128.load(position, 16)
      const d2 = v128.load(position, 32)
      const d3 = v128.load(position, 48)
      a0 = f32x4.add(a0, f32x4.mul(x, d0))
      a1 = f32x4.add(a1, f32x4.mul(x, d1))
      a2 = f32x4.add(a2, f32x4.mul(x, d2))
      a3 = f32x4.add(a3, f32x4.mul(x, d3))
      b0 = f32x4.add(b0, f32x4.mul(y, d0))
      b1 = f32x4.add(b1, f32x4.mul(y, d1))
      b2 = f32x4.add(b2, f32x4.mul(y, d2))
      b3 = f32x4.add(b3, f32x4.mul(y, d3))
      pixel += pixelStep
      position += positionStep
    }
  }
  v128.store(to, a0)
  v128.store(to, a1, 16)
  v128.store(to, a2, 32)
  v128.store(to, a3, 48)
  const next = to + <usize>(outChannels << 2)
  v128.store(next, b0)
  v128.store(next, b1, 16)
  v128.store(next, b2, 32)
  v128.store(next, b3, 48)
}

function tile(
  image: usize,
  delta: usize,
  to: usize,
  channel: i32,
  output: i32,
  inWidth: i32,
  inChannels: i32,
  outWidth: i32,
  outChannels: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
  firstRow: i32,
  endRow: i32,
  firstColumn: i32,
  columns: i32,
  width: i32,
): void {
  let sums = f32x4.splat(0)
  let sum: f32 = 0
  const pixelStep = <usize>((strideWidth * inChannels) << 2)
  const positionStep = <usize>(outChannels << 2)
  for (let outRow = firstRow; outRow < endRow; outRow++) {
    const inRow = outRow * strideHeight + top
    const inColumn = firstColumn * strideWidth + left
    let pixel = image + (((inRow * inWidth + inColumn) * inChannels + channel) << 2)
    let position = delta + (((outRow * outWidth + firstColumn) * outChannels + output) << 2)
    for (let k = 0; k < columns; k++) {
      if (width === 4) {
        sums = f32x4.add(sums, f32x4.mul(v128.load32_splat(pixel), v128.load(position)))
      } else {
        sum += load<f32>(pixel) * load<f32>(position)
      }
      pixel += pixelStep
      position += positionStep
    }
  }
  if (width === 4) v128.store(to, sums)
  else store<f32>(to, sum)
}
