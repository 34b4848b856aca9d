import type { NdArray } from '../../ndarray.js'
import type { LayerSite, Predictor } from '../../predictor.js'
import { differentiate } from '../differences.js'
import { expectError, expectNear, expectSame, expectTrue } from '../expectations.js'
import { runReference, weightValues } from '../reference-model.js'
import type { AdapterCase, TestedAdapter } from '../tested-adapter.js'
import { createDenseModel, exampleCount } from '../test-model.js'
import { tolerance, Trial } from '../trial.js'

const hiddenLayer = 1

/** Cases for activations at layers and their gradients. */
export function layerCases<Value>(adapter: TestedAdapter<Value>): AdapterCase[] {
  const model = createDenseModel(14, [[3]], ['tanh', 'softmax'])
  const withModel =
    (run: (trial: Trial<Value>) => Promise<void>): (() => Promise<void>) =>
    () =>
      Trial.run(adapter, model, run)
  if (adapter.hasLayers !== true) {
    return [{ title: 'has no activations of layers', run: withModel(expectNoLayers) }]
  }
  return [
    {
      title: 'finds a layer, and refuses one that the model does not have',
      run: withModel(expectFound),
    },
    { title: 'returns the activations at a layer', run: withModel(expectActivations) },
    {
      title: 'predicts from activations that replace those of a layer',
      run: withModel(expectReplaced),
    },
    {
      title: 'computes the gradients of outputs by activations, its own and given ones',
      run: withModel(expectActivationGradients),
    },
  ]
}

async function expectNoLayers<Value>(trial: Trial<Value>): Promise<void> {
  using session = await trial.open()
  const offered = ['activations', 'activationGradients'].some((method) => method in session)
  expectTrue(
    !offered && !('findLayer' in trial.predictor),
    'the adapter has layers; set hasLayers, so that they are tested.',
  )
}

function findHidden<Value>({ predictor, tested }: Trial<Value>): LayerSite {
  return findLayer(predictor, tested.layers?.[hiddenLayer])
}

function findLayer<Value>(predictor: Predictor<Value>, reference: unknown): LayerSite {
  expectTrue(predictor.findLayer !== undefined, 'findLayer: got undefined; expected a method.')
  return predictor.findLayer!('layer', reference, 'outputs')
}

async function expectFound<Value>(trial: Trial<Value>): Promise<void> {
  const site = findHidden(trial)
  expectSame('the site', site.at, 'outputs')
  const missing = Promise.resolve().then(() => findLayer(trial.predictor, 'no such layer'))
  await expectError('a layer that is missing', missing, 'InvalidArgumentError')
}

/** The activations of the hidden layer for each example. */
const hiddenOf = <Value>(trial: Trial<Value>): number[] =>
  trial.references().flatMap((layers) => [...layers[hiddenLayer]!.data])

async function expectActivations<Value>(trial: Trial<Value>): Promise<void> {
  using session = await trial.open()
  const sites = await session.activations!(trial.examples(), {}, [findHidden(trial)])
  expectSame('the number of sites', sites.length, 1)
  expectSame('the number of tensors at the site', sites[0]!.length, 1)
  expectNear('the activations', sites[0]![0]!.data, hiddenOf(trial), tolerance)
}

/** Activations that the model itself doesn't have. */
function replacement<Value>(trial: Trial<Value>): NdArray {
  const own = hiddenOf(trial)
  const data = Float32Array.from(own, (value, k) => 0.5 * value + Math.sin(k) / 2)
  return { data, shape: [exampleCount, own.length / exampleCount] }
}

/** The output for one example from the activations of its hidden layer. */
function outputFrom<Value>({ model }: Trial<Value>, hidden: Float64Array): Float64Array {
  const start = [{ data: hidden, shape: [hidden.length] }]
  return runReference(model, weightValues(model), start, hiddenLayer + 1).at(-1)!.data
}

const rowOf = ({ data }: NdArray, row: number): Float64Array => {
  const size = data.length / exampleCount
  return Float64Array.from(data.subarray(row * size, (row + 1) * size))
}

async function expectReplaced<Value>(trial: Trial<Value>): Promise<void> {
  using session = await trial.open()
  const hidden = replacement(trial)
  const activations = { sites: [findHidden(trial)], values: [[hidden]] }
  const output = await session.predict(trial.examples(), {}, activations)
  const expected = Array.from({ length: exampleCount }, (_, row) => [
    ...outputFrom(trial, rowOf(hidden, row)),
  ])
  expectNear('the outputs', output.data, expected.flat(), tolerance)
}

async function expectActivationGradients<Value>(trial: Trial<Value>): Promise<void> {
  using session = await trial.open()
  const sites = [findHidden(trial)]
  const hidden = replacement(trial)
  const own = hiddenOf(trial)
  const indices = Int32Array.from({ length: exampleCount }, (_, row) => row % 3)
  for (const [at, activations] of [
    [{ sites }, { ...hidden, data: Float64Array.from(own) }],
    [{ sites, values: [[hidden]] }, hidden],
  ] as const) {
    const found = await session.activationGradients!(trial.examples(), indices, {}, at)
    for (let row = 0; row < exampleCount; row++) {
      const expected = differentiate(
        rowOf(activations, row),
        (moved) => outputFrom(trial, moved)[indices[row]!]!,
      )
      const gradient = rowOf(found[0]![0]!, row)
      expectNear(`the gradient of example ${row}`, gradient, expected, tolerance)
    }
  }
}
