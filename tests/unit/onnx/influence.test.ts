/** Against kronfluence 1.0.1, really run: tests/peers/influence. */
import { type NdArray } from 'gradlens'
import { InfluenceFunctions } from 'gradlens/influence'
import { onnxPredictor } from 'gradlens/onnx'
import { describe, expect, it } from 'vitest'
import fixture from '../../fixtures/kronfluence.json' with { type: 'json' }
import { bytesOf, floats, nodeOf } from '../../support/onnx/onnx-models.js'
import { nodeRuntimes } from '../../support/onnx/runtimes.js'

/** Float32 gradients here, float64 there. */
const tolerance = 1e-4

const { net } = fixture

/** Moves the axes of numbers of a shape. */
function transpose(
  numbers: readonly number[],
  shape: readonly number[],
  axes: readonly number[],
): number[] {
  const sizes = axes.map((axis) => shape[axis]!)
  const steps = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((size, length) => size * length, 1),
  )
  return numbers.map((_, k) => {
    let rest = k
    let from = 0
    for (let i = sizes.length - 1; i >= 0; i--) {
      from += (rest % sizes[i]!) * steps[axes[i]!]!
      rest = Math.floor(rest / sizes[i]!)
    }
    return numbers[from]!
  })
}

/** As PyTorch exports it: kernels have their outputs first. `isAdded` has the first bias in an operator of its own. */
function createModel(isAdded: boolean): Uint8Array {
  const kernel = isAdded
    ? floats(net.kernel, [27, 5])
    : floats(transpose(net.kernel, [27, 5], [1, 0]), [5, 27])
  return bytesOf({
    nodes: [
      nodeOf('Conv', ['x', 'filter', 'filterBias'], 'convolved'),
      nodeOf('Tanh', ['convolved'], 'bounded'),
      nodeOf('Transpose', ['bounded'], 'moved', { perm: [0, 2, 3, 1] }),
      nodeOf('Flatten', ['moved'], 'flat'),
      ...(isAdded
        ? [
            nodeOf('MatMul', ['flat', 'kernel'], 'product'),
            nodeOf('Add', ['product', 'bias'], 'hidden'),
          ]
        : [nodeOf('Gemm', ['flat', 'kernel', 'bias'], 'hidden', { transB: 1 })]),
      nodeOf('Tanh', ['hidden'], 'last'),
      nodeOf('Gemm', ['last', 'lastKernel', 'lastBias'], 'y', { transB: 1 }),
    ],
    constants: {
      filter: floats(transpose(net.filter, [2, 2, 2, 3], [3, 2, 0, 1]), [3, 2, 2, 2]),
      filterBias: floats(net.filterBias, [3]),
      kernel,
      bias: floats(net.bias, [5]),
      lastKernel: floats(transpose(net.lastKernel, [5, 3], [1, 0]), [3, 5]),
      lastBias: floats(net.lastBias, [3]),
    },
    inputs: { x: [2, 4, 4] },
    outputs: ['y'],
  })
}

const images = (data: readonly number[]): NdArray => {
  const count = data.length / 32
  return {
    data: Float32Array.from(transpose(data, [count, 4, 4, 2], [0, 3, 1, 2])),
    shape: [count, 2, 4, 4],
  }
}

describe.each(nodeRuntimes)('on ONNX Runtime, $name', ({ ort, name }) => {
  it.each([
    ['ekfac', 'true', false],
    ['ekfac', 'empirical', true],
    ['diagonal', 'true', true],
  ] as const)(
    'has the scores of kronfluence for %s with the %s Fisher',
    async (curvature, fisher, isAdded) => {
      const predictor = await onnxPredictor(ort, createModel(isAdded))
      const loss = 'sparseCategoricalCrossentropyFromLogits'
      using explainer = new InfluenceFunctions(predictor, loss, { device: name, curvature, fisher })
      await explainer.fit(images(fixture.train), fixture.trainLabels)
      const { data } = await explainer.explain(images(fixture.test), fixture.testLabels)
      const expected = fixture.scores[curvature][fisher]
      const largest = Math.max(...expected.flat().map(Math.abs))
      for (const [test, theirs] of expected.entries()) {
        for (let k = test * theirs.length; k < (test + 1) * theirs.length; k++) {
          const error = Math.abs(data.scores.data[k]! - theirs[data.orderedIndices.data[k]!]!)
          expect(error / largest).toBeLessThan(tolerance)
        }
      }
    },
  )
})
