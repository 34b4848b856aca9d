import * as tf from '@tensorflow/tfjs'
import type { LossFunction, NdArray } from 'gradlens'
import type { FunctionModel } from 'gradlens/tfjs'

/**
 * Computes the gradients of each example alone, with TensorFlow.js's tape on its cpu backend, in float64: while it runs,
 * the arrays that the backend allocates are Float64Arrays, so tensors must be created from lists of numbers. The cpu
 * backend must be TensorFlow.js's current one.
 *
 * @returns per example, the gradients by the names of the trained variables
 */
export function singleExampleGradients(
  { call, variables, inputs }: FunctionModel,
  lossFn: LossFunction<tf.Tensor>,
  x: NdArray,
  y: NdArray,
): Map<string, Float64Array>[] {
  const trained = variables.filter(({ trainable }) => trainable)
  const dtype = inputs[0]!.dtype ?? 'float32'
  const [exampleCount = 0] = x.shape
  return Array.from({ length: exampleCount }, (_, k) =>
    inFloat64(() => {
      const example = oneOf(x, k)
      const input = tf.tensor([...example.data], [...example.shape], dtype)
      const label = tf.tensor([...oneOf(y, k).data], [1])
      const { grads } = tf.variableGrads(() => lossFn(label, call(input)).asScalar(), [...trained])
      return new Map(
        trained.map(({ name, size }) => [
          name,
          (grads[name]?.dataSync() as unknown as Float64Array | undefined) ??
            new Float64Array(size),
        ]),
      )
    }),
  )
}

function inFloat64<Result>(run: () => Result): Result {
  const { Float32Array: single } = globalThis
  globalThis.Float32Array = Float64Array as unknown as Float32ArrayConstructor
  tf.engine().startScope()
  try {
    return run()
  } finally {
    tf.engine().endScope()
    globalThis.Float32Array = single
  }
}

function oneOf({ data, shape }: NdArray, k: number): { data: number[]; shape: number[] } {
  const size = data.length / shape[0]!
  const values = Array.from({ length: size }, (_, at) => Number(data[k * size + at]))
  return { data: values, shape: [1, ...shape.slice(1)] }
}
