import * as tf from '@tensorflow/tfjs'
import type { LossFunction, NdArray } from 'gradlens'
import { expect } from 'vitest'
import { ensureBackend } from '../../../src/tfjs/engine/backend-registry.js'
import { runOn, withTape } from '../../../src/tfjs/engine/engine.js'
import { backpropagate, findDependents } from '../../../src/tfjs/engine/tape.js'

/** Float32 sums in another order, relative to the whole gradient's norm. */
const tolerance = 2e-5

/** A model for stock TensorFlow.js. */
export interface Differentiable {
  readonly call: (x: tf.Tensor[]) => tf.Tensor
  readonly parameters: readonly { readonly name: string; readonly tensor: tf.Tensor }[]
}

export const layersModelOf = (model: tf.LayersModel): Differentiable => ({
  call: (x) => model.apply(x, { training: false }) as tf.Tensor,
  parameters: model.trainableWeights.map((weight) => ({
    name: weight.originalName,
    tensor: weight.read(),
  })),
})

/** Computes the gradients of one example with stock TensorFlow.js on the cpu. They are right for all models of the tests. */
export function singleGradient(
  { call, parameters }: Differentiable,
  x: readonly NdArray[],
  y: NdArray,
  row: number,
  lossFn: LossFunction<tf.Tensor> = crossEntropy,
): Map<string, Float32Array> {
  const tensors = parameters.map(({ tensor }) => tensor)
  const gradients = new Map<string, Float32Array>()
  tf.tidy(() => {
    const inputs = x.map((array) =>
      tf.slice(tf.tensor(array.data as Float32Array, [...array.shape]), row, 1),
    )
    const label = tf.slice(tf.tensor(y.data as Float32Array, [...y.shape]), row, 1)
    const { grads } = tf
      .engine()
      .gradients(() => lossFn(label, call(inputs)).asScalar(), tensors, undefined, true)
    for (const [k, { name, tensor }] of parameters.entries()) {
      const gradient = grads[k] ?? tf.zerosLike(tensor)
      gradients.set(name, gradient.dataSync() as Float32Array)
    }
  })
  return gradients
}

/** The same with the adapter's backward pass, for ops whose gradient only a repair has. */
export async function repairedGradient(
  { call, parameters }: Differentiable,
  x: readonly NdArray[],
  y: NdArray,
  row: number,
): Promise<Map<string, Float32Array>> {
  await ensureBackend('cpu')
  const gradients = runOn('cpu', () => {
    const [label, ...inputs] = [y, ...x].map((array) =>
      tf.slice(tf.tensor(array.data as Float32Array, [...array.shape]), row, 1),
    )
    return withTape(
      new Set(),
      () => crossEntropy(label!, call(inputs)),
      (tape, loss) => {
        const ids = parameters.map(({ tensor }) => tensor.id)
        const seeds = new Map([[loss.id, tf.onesLike(loss)]])
        const wanted = findDependents(tape, ids)
        const found = backpropagate(tape, { seeds, wanted, returned: new Set(ids) })
        return parameters.map(({ tensor }) =>
          (found.get(tensor.id) ?? tf.zerosLike(tensor)).clone(),
        )
      },
    )
  })
  try {
    const values = await Promise.all(gradients.map((gradient) => gradient.data()))
    return new Map(parameters.map(({ name }, k) => [name, values[k] as Float32Array]))
  } finally {
    tf.dispose(gradients)
  }
}

const crossEntropy: LossFunction<tf.Tensor> = (label, output) =>
  output.shape[1] === 1
    ? tf.losses.sigmoidCrossEntropy(label, output)
    : tf.losses.softmaxCrossEntropy(tf.oneHot(label.toInt(), output.shape[1] ?? 1), output)

export function expectSameGradient(
  actual: ReadonlyMap<string, Float64Array>,
  expected: ReadonlyMap<string, Float32Array>,
  { parameters }: Differentiable,
): void {
  const norm = Math.hypot(...[...expected.values()].flatMap((values) => [...values]))
  const whole = withoutParts(actual, parameters)
  expect(norm).toBeGreaterThan(0)
  const names = parameters.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining([...whole.keys()]))
  for (const [name, values] of expected) {
    // A parameter that the loss doesn't depend on may be left out.
    const other = whole.get(name) ?? new Float64Array(values.length)
    expect(other.length).toBe(values.length)
    for (const [k, value] of values.entries()) {
      expect(Math.abs((other[k] ?? NaN) - value), `${name}[${k}]`).toBeLessThanOrEqual(
        tolerance * norm,
      )
    }
  }
}

/** Joins parameters that were split along their last axis: name[0], name[1], … */
function withoutParts(
  gradients: ReadonlyMap<string, Float64Array>,
  parameters: Differentiable['parameters'],
): Map<string, Float64Array> {
  const wholes = new Map([...gradients].filter(([name]) => !name.endsWith(']')))
  for (const {
    name,
    tensor: { shape },
  } of parameters) {
    const parts = [...gradients]
      .filter(([part]) => part.startsWith(`${name}[`))
      .toSorted(([p], [q]) => p.localeCompare(q))
      .map(([, values]) => values)
    if (parts.length === 0) continue
    const rows = tf.util.sizeFromShape(shape.slice(0, -1))
    const values = Array.from({ length: rows }, (_, row) =>
      parts.flatMap((part) => {
        const width = part.length / rows
        return [...part.subarray(row * width, (row + 1) * width)]
      }),
    )
    wholes.set(name, Float64Array.from(values.flat()))
  }
  return wholes
}
