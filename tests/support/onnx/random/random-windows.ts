import type { RandomBuilder, Tensor } from './random-builder.js'

export function convolve(b: RandomBuilder, x: Tensor): Tensor {
  const [channels = 1, ...lengths] = x.shape
  const group = b.pick([1, 1, channels, ...[2, 3].filter((k) => channels % k === 0)])
  const outputs = group * b.integer(1, 3)
  const windows = lengths.map((length) => {
    const dilation = b.integer(1, 2)
    const size = b.integer(1, 3)
    const extent = dilation * (size - 1) + 1
    const least = Math.max(0, extent - length)
    return {
      length,
      size,
      dilation,
      extent,
      stride: b.integer(1, 2),
      begin: least,
      end: b.integer(0, 1),
    }
  })
  const w = b.weights([outputs, channels / group, ...windows.map(({ size }) => size)])
  const bias = b.chance(0.5) ? [b.weights([outputs])] : []
  const shape = windows.map(
    ({ length, extent, stride, begin, end }) =>
      Math.floor((length + begin + end - extent) / stride) + 1,
  )
  return b.add('Conv', [x.name, w, ...bias], [outputs, ...shape], {
    group,
    dilations: windows.map(({ dilation }) => dilation),
    strides: windows.map(({ stride }) => stride),
    pads: [...windows.map(({ begin }) => begin), ...windows.map(({ end }) => end)],
  })
}

export function transposeConvolution(b: RandomBuilder, x: Tensor): Tensor {
  const [channels = 1, ...lengths] = x.shape
  const group = b.pick([1, channels])
  const share = b.integer(1, 3)
  const windows = lengths.map((length) => {
    const stride = b.integer(1, 2)
    const size = b.integer(stride, 3)
    return {
      length,
      size,
      stride,
      pad: b.integer(0, 1) * (length > 2 ? 1 : 0),
      extra: b.integer(0, stride - 1),
    }
  })
  const w = b.weights([channels, share, ...windows.map(({ size }) => size)])
  const shape = windows.map(
    ({ length, size, stride, pad, extra }) => stride * (length - 1) + size + extra - 2 * pad,
  )
  return b.add('ConvTranspose', [x.name, w], [share * group, ...shape], {
    group,
    strides: windows.map(({ stride }) => stride),
    output_padding: windows.map(({ extra }) => extra),
    pads: [...windows.map(({ pad }) => pad), ...windows.map(({ pad }) => pad)],
  })
}

export function pool(b: RandomBuilder, x: Tensor): Tensor {
  const [channels = 1, ...lengths] = x.shape
  const windows = lengths.map((length) => {
    const size = Math.min(length, b.integer(1, 3))
    const pads = [b.integer(0, size - 1), b.integer(0, size - 1)] as const
    return { length, size, stride: b.integer(1, 3), begin: pads[0], end: pads[1] }
  })
  const roomOf = ({ length, size, stride, begin, end }: (typeof windows)[number]): number =>
    (length + begin + end - size) / stride
  // ONNX Runtime infers other shapes where the last window would start beyond the tensor.
  const isCeil =
    b.chance(0.6) &&
    windows.every((own) => Math.ceil(roomOf(own)) * own.stride < own.length + own.begin)
  const shape = windows.map((own) => (isCeil ? Math.ceil : Math.floor)(roomOf(own)) + 1)
  const op = b.pick(['MaxPool', 'AveragePool'])
  return b.add(op, [x.name], [channels, ...shape], {
    kernel_shape: windows.map(({ size }) => size),
    strides: windows.map(({ stride }) => stride),
    pads: [...windows.map(({ begin }) => begin), ...windows.map(({ end }) => end)],
    ceil_mode: isCeil ? 1 : 0,
    ...(op === 'AveragePool' && { count_include_pad: b.integer(0, 1) }),
  })
}
