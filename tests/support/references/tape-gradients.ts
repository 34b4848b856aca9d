import * as tf from '@tensorflow/tfjs'
import type { TestDevice } from '../devices/devices.js'
import { ensureBackend } from '../../../src/tfjs/engine/backend-registry.js'
import { runOn, withTape } from '../../../src/tfjs/engine/engine.js'
import { backpropagate, findDependents } from '../../../src/tfjs/engine/tape.js'

/** Output and gradients of Σ f(x) ⊙ weights on a device, with the repairs, by the adapter's backward pass. */
export async function gradientsOn(
  device: TestDevice,
  f: (...x: tf.Tensor[]) => tf.Tensor,
  shapes: readonly (readonly number[])[],
  values: readonly Float32Array[],
  weights: Float32Array,
): Promise<{ y: ArrayLike<number>; gradients: ArrayLike<number>[] }> {
  await ensureBackend(device)
  const [y, ...gradients] = runOn(device, () => {
    const x = values.map((data, index) => tf.tensor(data.slice(), [...(shapes[index] ?? [])]))
    return withTape(
      new Set(),
      () => f(...x),
      (tape, output) => {
        const ids = x.map(({ id }) => id)
        const wanted = findDependents(tape, ids)
        const seeds = new Map([[output.id, tf.tensor(weights, output.shape)]])
        const found = backpropagate(tape, { seeds, wanted, returned: new Set(ids) })
        return [output, ...x.map((input) => found.get(input.id) ?? tf.zerosLike(input))].map(
          (tensor) => tensor.clone(),
        )
      },
    )
  })
  try {
    return {
      y: await y!.data(),
      gradients: await Promise.all(gradients.map((gradient) => gradient.data())),
    }
  } finally {
    tf.dispose([y!, ...gradients])
  }
}

/** f on the cpu backend, flat, with its shape. */
export function forwardOnCpu(
  f: (...x: tf.Tensor[]) => tf.Tensor,
  shapes: readonly (readonly number[])[],
  values: readonly Float32Array[],
): { data: ArrayLike<number>; shape: number[] } {
  return runOn('cpu', () => {
    const y = f(...values.map((data, index) => tf.tensor(data.slice(), [...(shapes[index] ?? [])])))
    return { data: y.dataSync(), shape: y.shape } as never
  })
}
