import type { NdArray } from '../../ndarray.js'
import { differentiate } from '../differences.js'
import { expectNear, expectSame, expectTrue } from '../expectations.js'
import { runReference, weightValues } from '../reference-model.js'
import type { AdapterCase, TestedAdapter } from '../tested-adapter.js'
import { exampleCount, type TestModel } from '../test-model.js'
import { batchTolerance, createInputs, tolerance, Trial, valuesOf } from '../trial.js'

/** Cases for descriptions, predictions and the gradients of inputs. */
export function predictionCases<Value>(
  adapter: TestedAdapter<Value>,
  models: readonly TestModel[],
): AdapterCase[] {
  return models.flatMap((model) => {
    const takesFloats = model.inputs.every(({ integersBelow }) => integersBelow === undefined)
    return [
      {
        title: `describes ${model.title}`,
        run: () => Trial.run(adapter, model, expectDescription),
      },
      {
        title: `predicts with ${model.title}, for one example as for several`,
        run: () => Trial.run(adapter, model, expectPredictions),
      },
      ...(takesFloats
        ? [
            {
              title: `computes the gradients of outputs by the inputs of ${model.title}`,
              run: () => Trial.run(adapter, model, expectInputGradients),
            },
          ]
        : []),
      ...(model.inputs.length > 1
        ? [
            {
              title: `takes an input of ${model.title} by its name`,
              run: () => Trial.run(adapter, model, expectNamedInputs),
            },
          ]
        : []),
    ]
  })
}

function expectDescription<Value>(trial: Trial<Value>): Promise<void> {
  const { model, predictor } = trial
  expectSame('the number of inputs', predictor.inputs.length, model.inputs.length)
  for (const [k, { shape, dtype, name }] of predictor.inputs.entries()) {
    const [example] = trial.inLayout(createInputs(model, 1)).slice(k)
    expectSame(`the shape of input '${name}'`, shape, example!.shape.slice(1))
    const { integersBelow } = model.inputs[k]!
    const expected = integersBelow === undefined ? 'float32' : 'int32'
    expectSame(`the dtype of input '${name}'`, dtype, expected)
  }
  expectSame('the shape of the output', predictor.output.shape, model.outputShape)
  for (const [k, weight] of model.weights.entries()) {
    const { name } = trial.parameterOf(k)
    const parameter = predictor.parameters.find((own) => own.name === name)
    expectSame(`the shape of parameter '${name}'`, parameter?.shape, trial.parameterShape(k))
    expectSame(`whether '${name}' is trainable`, parameter?.trainable, weight.trainable)
  }
  const names = new Set(predictor.parameters.map(({ name }) => name))
  expectSame('the number of different names', names.size, predictor.parameters.length)
  return Promise.resolve()
}

async function expectPredictions<Value>(trial: Trial<Value>): Promise<void> {
  using session = await trial.open()
  const x = trial.examples()
  const output = await session.predict(x, {})
  expectSame('the shape of the outputs', output.shape, [exampleCount, ...trial.model.outputShape])
  expectNear('the outputs', output.data, trial.outputs(), tolerance)
  const alone = await session.predict(
    x.map((array) => exampleOf(array, 3)),
    {},
  )
  expectSame('the shape of one output', alone.shape, [1, ...trial.model.outputShape])
  const own = exampleOf(output, 3).data
  expectNear('the output of an example alone', alone.data, own, batchTolerance)
}

async function expectInputGradients<Value>(trial: Trial<Value>): Promise<void> {
  const { model } = trial
  using session = await trial.open()
  const outputSize = model.outputShape.reduce((product, length) => product * length, 1)
  const indices = Int32Array.from({ length: exampleCount }, (_, row) => (row * 2 + 1) % outputSize)
  const x = trial.examples()
  const found = await session.inputGradients(x, indices, {})
  for (const [k, { shape }] of found.entries()) {
    expectSame(`the shape of the gradients of input ${k}`, shape, x[k]!.shape)
  }
  const gradients = trial.fromLayout(found)
  for (let row = 0; row < exampleCount; row++) {
    const inputs = valuesOf(model, createInputs(model, exampleCount), row)
    for (const [k, input] of inputs.entries()) {
      const expected = differentiate(input.data, (moved) => {
        const changed = inputs.map((value, i) => (i === k ? { ...value, data: moved } : value))
        const output = runReference(model, weightValues(model), changed).at(-1)!
        return output.data[indices[row]!]!
      })
      const own = exampleOf(gradients[k]!, row).data
      expectNear(`the gradient of input ${k} of example ${row}`, own, expected, tolerance)
    }
  }
}

async function expectNamedInputs<Value>(trial: Trial<Value>): Promise<void> {
  const { model, predictor } = trial
  using session = await trial.open()
  const x = trial.examples()
  const indices = new Int32Array(exampleCount).fill(1)
  const all = await session.inputGradients(x, indices, {})
  for (const k of model.inputs.keys()) {
    const others = Object.fromEntries(
      x.flatMap((array, i) => (i === k ? [] : [[predictor.inputs[i]!.name, array] as const])),
    )
    const own = await session.inputGradients([x[k]!], indices, others)
    expectSame('the number of gradients', own.length, 1)
    expectNear(`the gradient of input ${k} alone`, own[0]!.data, all[k]!.data, batchTolerance)
    const output = await session.predict([x[k]!], others)
    expectNear('the outputs', output.data, trial.outputs(), tolerance)
  }
}

/** One example of a batch, as a batch. */
function exampleOf({ data, shape }: NdArray, row: number): NdArray {
  const [count = 0, ...own] = shape
  expectTrue(count > row, `got a batch of ${count}; expected example ${row} in it.`)
  const size = data.length / count
  return { data: data.slice(row * size, (row + 1) * size), shape: [1, ...own] }
}
