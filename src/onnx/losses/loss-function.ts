import { InvalidArgumentError } from '../../errors.js'
import type { LossFunction } from '../../losses/loss.js'
import { type NdArray, rows, sizeOf } from '../../ndarray.js'

/**
 * Returns ∂L/∂output of each example of a batch, of the output's shape. The functions are called for one example at a
 * time.
 *
 * @throws InvalidArgumentError for a loss without its gradient, and for a gradient of another shape, or of another
 *   function than the loss
 */
export function lossFunctionGradient(
  loss: LossFunction<NdArray>,
  labels: NdArray,
  output: NdArray,
): NdArray {
  const { gradient } = loss
  if (gradient === undefined) {
    throw new InvalidArgumentError(
      'lossFn',
      'a function alone',
      'the name of a loss, or { value, gradient }: ONNX Runtime does not differentiate functions',
    )
  }
  const { shape } = output
  const [exampleCount = 0] = shape
  const size = sizeOf(shape.slice(1))
  const data = new Float32Array(exampleCount * size)
  for (let i = 0; i < exampleCount; i++) {
    const label = rows(labels, i, i + 1)
    const prediction = rows(output, i, i + 1)
    const own: unknown = gradient(label, prediction)
    data.set(readGradient(own, size, prediction.shape), i * size)
    if (i === 0) {
      checkGradient(loss, label, prediction, data.subarray(0, size))
    }
  }
  return { data, shape }
}

function readGradient(given: unknown, size: number, shape: readonly number[]): ArrayLike<number> {
  const data: unknown =
    typeof given === 'object' && given !== null && 'data' in given ? given.data : given
  if (ArrayBuffer.isView(data) && (data as Float32Array).length === size) {
    return data as Float32Array
  }
  throw new InvalidArgumentError(
    'lossFn.gradient',
    'another result than one number per output',
    `an NdArray of shape [${shape.join(', ')}]`,
  )
}

/** The step of differences, relative to the largest number of the prediction. */
const relativeStep = 1e-4

/** A wrong sign, factor or term gives a difference of order 1; that of a kink within the step passes. */
const tolerance = 0.1

/** Compares the gradient along one direction with a difference of the loss. */
function checkGradient(
  loss: LossFunction<NdArray>,
  label: NdArray,
  prediction: NdArray,
  gradient: Float32Array,
): void {
  const { data, shape } = prediction
  const scale = Math.max(1e-3, ...Array.from(data, Math.abs))
  const step = relativeStep * scale
  const at = (by: number): number => {
    const moved = Float64Array.from(data, (value, k) => value + by * direction(k))
    return Number(loss(label, { data: moved, shape }))
  }
  const [before, own, after] = [at(-step), at(0), at(step)]
  if (![before, own, after].every(Number.isFinite)) return
  const expected = (after - before) / (2 * step)
  // One-sided slopes that differ show a kink, where any slope in between is right.
  const kink = Math.abs(after - 2 * own + before) / step
  const found = gradient.reduce((sum, value, k) => sum + value * direction(k), 0)
  const size = gradient.reduce((sum, value) => sum + Math.abs(value), Math.abs(expected))
  if (Math.abs(found - expected) <= tolerance * size + kink) return
  throw new InvalidArgumentError(
    'lossFn.gradient',
    `a slope of ${found.toPrecision(3)} where differences of lossFn.value give ${expected.toPrecision(3)}`,
    'the gradient of lossFn.value at yPred',
  )
}

/** Different for each output, so that no two errors cancel. */
const direction = (k: number): number => Math.cos(1 + 2.3 * k)
