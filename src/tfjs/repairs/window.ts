import { describe } from '../../options.js'
import { UnsupportedError } from '../../errors.js'
import type { Attributes } from '../kernel.js'

/**
 * How a window slides along one axis: output o and tap k meet at input o · stride + k · dilation −
 * before.
 */
export interface WindowAxis {
  readonly input: number
  readonly output: number
  readonly taps: number
  readonly stride: number
  readonly dilation: number
  /** Padding in front; negative where the windows start inside (3-D `same` padding does that). */
  readonly before: number
}

/** What kernels that slide a window call their attributes. */
export interface WindowAttributes {
  readonly strides: number | readonly number[]
  readonly pad: 'valid' | 'same' | number | readonly (readonly number[])[]
  readonly dilations?: number | readonly number[] | null
  readonly filterSize?: number | readonly number[]
  readonly dataFormat?: string
  readonly dimRoundingMode?: string | null
}

/** How the kernel's window slides along each spatial axis of a channels-last input. */
export function windowAxes(
  kernelName: string,
  inputShape: readonly number[],
  outputShape: readonly number[],
  taps: number | readonly number[],
  attributes: Attributes,
): WindowAxis[] {
  const { strides, dilations, pad, dataFormat, dimRoundingMode } =
    attributes as unknown as WindowAttributes
  if (dataFormat === 'NCHW' || dataFormat === 'NCDHW') {
    throw new UnsupportedError(
      kernelName,
      `${kernelName} has data format ${dataFormat}, for which there is no gradient here; ` +
        'convert the model to channels last (NHWC).',
    )
  }
  if (dimRoundingMode === 'ceil' || dimRoundingMode === 'round') {
    throw new UnsupportedError(
      kernelName,
      `${kernelName} rounds its output size by ${describe(dimRoundingMode)}, which TensorFlow.js's ` +
        `backends do not agree on; use padding 'same' or 'valid'.`,
    )
  }
  const spatial = inputShape.slice(1, -1)
  return spatial.map((input, axis) => {
    const output = outputShape[axis + 1]!
    const stride = along(strides, axis)
    const dilation = along(dilations ?? 1, axis)
    const length = along(taps, axis)
    const reach = (output - 1) * stride + (length - 1) * dilation + 1
    const missing = spatial.length === 2 ? Math.max(0, reach - input) : reach - input
    let before = 0
    if (pad === 'same') before = Math.floor(missing / 2)
    else if (typeof pad === 'number') before = pad
    else if (typeof pad !== 'string') before = pad[axis + 1]?.[0] ?? 0
    return { input, output, taps: length, stride, dilation, before }
  })
}

function along(value: number | readonly number[], axis: number): number {
  return typeof value === 'number' ? value : (value[axis] ?? 1)
}
