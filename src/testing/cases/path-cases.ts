import type { NdArray } from '../../ndarray.js'
import { differentiate } from '../differences.js'
import { expectNear, expectSame, expectTrue } from '../expectations.js'
import { runReference, weightValues } from '../reference-model.js'
import type { AdapterCase, TestedAdapter } from '../tested-adapter.js'
import { createDenseModel, exampleCount } from '../test-model.js'
import { tolerance, Trial } from '../trial.js'

/** Cases for sums of gradients along paths. */
export function pathCases<Value>(adapter: TestedAdapter<Value>): AdapterCase[] {
  const model = createDenseModel(15, [[3]], ['tanh', 'softmax'])
  if (adapter.hasPaths !== true) {
    return [
      { title: 'has no sums along paths', run: () => Trial.run(adapter, model, expectNoPaths) },
    ]
  }
  return [
    {
      title: 'sums gradients along paths of inputs, per path',
      run: () => Trial.run(adapter, model, (trial) => expectPaths(trial, undefined)),
    },
    {
      title: 'sums gradients along paths of inputs times their ways, over several paths',
      run: () =>
        Trial.run(adapter, model, (trial) => expectPaths(trial, Int32Array.of(0, 0, 1, 2, 2))),
    },
  ]
}

async function expectNoPaths<Value>(trial: Trial<Value>): Promise<void> {
  using session = await trial.open()
  expectTrue(
    session.pathGradients === undefined,
    'the adapter has pathGradients; set hasPaths, so that they are tested.',
  )
}

async function expectPaths<Value>(
  trial: Trial<Value>,
  sumOf: Int32Array | undefined,
): Promise<void> {
  const { model } = trial
  using session = await trial.open()
  const [ends] = trial.examples()
  const starts: NdArray = { ...ends!, data: ends!.data.map((value, k) => value * 0.2 + (k % 2)) }
  const pathOf = Int32Array.of(0, 0, 0, 1, 2, 2, 3, 4, 4)
  const alphas = Float64Array.from(pathOf, (_, q) => ((q * 7) % 10) / 10)
  const weights = Float64Array.from(pathOf, (_, q) => 0.1 + (q % 4) / 5)
  const indices = Int32Array.of(0, 1, 2, 2, 1)
  const points = { starts: [[starts]], ends: [[ends!]], pathOf, alphas, weights, sumOf }
  const [[sums] = []] = await session.pathGradients!([ends!], indices, {}, points)
  const rowCount = sumOf === undefined ? exampleCount : sumOf.at(-1)! + 1
  expectSame('the shape of the sums', sums?.shape, [rowCount, ...ends!.shape.slice(1)])
  const size = ends!.data.length / exampleCount
  const expected = new Float64Array(rowCount * size)
  for (const [q, path] of pathOf.entries()) {
    const way = Float64Array.from({ length: size }, (_, k) => {
      const at = path * size + k
      return ends!.data[at]! - starts.data[at]!
    })
    const point = way.map((step, k) => starts.data[path * size + k]! + alphas[q]! * step)
    const gradient = differentiate(point, (moved) => {
      const start = [{ data: moved, shape: model.inputs[0]!.shape }]
      return runReference(model, weightValues(model), start).at(-1)!.data[indices[path]!]!
    })
    const row = sumOf?.[path] ?? path
    for (let k = 0; k < size; k++) {
      expected[row * size + k]! += weights[q]! * gradient[k]! * (sumOf === undefined ? 1 : way[k]!)
    }
  }
  expectNear('the sums', sums!.data, expected, tolerance)
}
