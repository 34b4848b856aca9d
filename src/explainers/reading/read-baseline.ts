import { type ArrayInput, toNdArray } from '../../array-input.js'
import { InvalidArgumentError } from '../../errors.js'
import { assertFinite, type NdArray, sameShape, sizeOf } from '../../ndarray.js'

/**
 * The baseline of one input, in x's shape and float64: integer inputs may have fractional baselines.
 *
 * @param baseline none (zeros), a number, an array of x's shape, or that of one example, which is broadcast
 * @throws InvalidArgumentError if its shape fits neither; NonFiniteError if it holds NaN or an infinity
 */
export async function readBaseline(
  argument: string,
  baseline: ArrayInput | null | undefined,
  x: NdArray,
): Promise<NdArray> {
  const values = new Float64Array(sizeOf(x.shape))
  if (baseline === undefined || baseline === null) return { data: values, shape: x.shape }
  const array = await toNdArray(argument, baseline)
  assertFinite(argument, array)
  const example = x.shape.slice(1)
  const isExample = sameShape(array.shape, example) || sameShape(array.shape, [1, ...example])
  if (array.shape.length === 0) {
    values.fill(array.data[0] ?? 0)
  } else if (sameShape(array.shape, x.shape)) {
    values.set(array.data)
  } else if (isExample) {
    for (let offset = 0; offset < values.length; offset += array.data.length) {
      values.set(array.data, offset)
    }
  } else {
    throw new InvalidArgumentError(
      argument,
      `shape [${array.shape.join(', ')}]`,
      `a number, shape [${x.shape.join(', ')}] as x, or [${example.join(', ')}] as one example`,
    )
  }
  return { data: values, shape: x.shape }
}
