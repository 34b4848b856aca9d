import type { NdArray } from '../../ndarray.js'
import { expectError, expectNear, expectSame, expectTrue } from '../expectations.js'
import { readGradients } from '../read-gradients.js'
import { referenceLosses } from '../reference-losses.js'
import { weightValues } from '../reference-model.js'
import type { AdapterCase, TestedAdapter } from '../tested-adapter.js'
import { createDenseModel, exampleCount, type TestActivation } from '../test-model.js'
import { createLabels, namedLoss, tolerance, Trial, type TrialLoss } from '../trial.js'

/** Cases for how sessions begin, share a model and end. */
export function sessionCases<Value>(adapter: TestedAdapter<Value>): AdapterCase[] {
  const reference = referenceLosses.find(({ name }) => adapter.losses?.includes(name) ?? true)!
  const loss = namedLoss<Value>(reference)
  const activations: [TestActivation, TestActivation] = ['tanh', reference.activation]
  const model = createDenseModel(16, [[3]], activations)
  const withModel =
    (run: (trial: Trial<Value>, loss: TrialLoss<Value>) => Promise<void>): (() => Promise<void>) =>
    () =>
      Trial.run(adapter, model, (trial) => run(trial, loss))
  return [
    { title: 'leaves examples, labels and the model as they are', run: withModel(expectUnchanged) },
    {
      title: 'gives each of several calls at once its own result',
      run: withModel(expectSeparateCalls),
    },
    {
      title: 'rejects calls after dispose, and leaves other sessions of the model as they are',
      run: withModel(expectDisposed),
    },
    {
      title: 'rejects or finishes calls that dispose interrupts',
      run: withModel(expectInterrupted),
    },
    { title: 'gives the weights that identify the model', run: withModel(expectWeights) },
    {
      title: 'uses changed weights and changes their version, or never changes it',
      run: withModel((trial) => expectChangedWeights(trial)),
    },
    ...(adapter.refused === undefined
      ? []
      : [
          {
            title: `refuses the device '${adapter.refused.device}' with a DeviceError`,
            run: withModel((trial) => expectRefused(trial, adapter.refused!)),
          },
        ]),
  ]
}

async function expectUnchanged<Value>(
  trial: Trial<Value>,
  { loss, ...form }: TrialLoss<Value>,
): Promise<void> {
  using session = await trial.open()
  const x = trial.examples()
  const labels = createLabels(form, trial.model.outputShape)
  const before = JSON.stringify([x, labels].map((value) => [value]))
  const output = await session.predict(x, {})
  await session.inputGradients(x, new Int32Array(exampleCount), {})
  await readGradients(await session.lossGradients(x, labels, loss))
  expectTrue(
    JSON.stringify([x, labels].map((value) => [value])) === before,
    'the arrays of the examples or labels were changed.',
  )
  const after = await session.predict(x, {})
  expectNear('the outputs after other calls', after.data, output.data, 0)
}

async function expectSeparateCalls<Value>(
  trial: Trial<Value>,
  { loss, ...form }: TrialLoss<Value>,
): Promise<void> {
  using session = await trial.open()
  const x = trial.examples()
  const labels = createLabels(form, trial.model.outputShape)
  const indices = Int32Array.of(0, 1, 2, 2, 1)
  const gradientsOf = async (): Promise<string> => {
    const rows = await readGradients(await session.lossGradients(x, labels, loss))
    return JSON.stringify(rows.map((row) => [...row].map(([name, values]) => [name, [...values]])))
  }
  const inputGradientsOf = (): Promise<NdArray[]> => session.inputGradients(x, indices, {})
  const [first, second] = await Promise.all([session.predict(x, {}), session.predict(x, {})])
  const apart = [await inputGradientsOf(), await gradientsOf()]
  const atOnce = await Promise.all([inputGradientsOf(), gradientsOf(), session.predict(x, {})])
  expectSame('the outputs of two calls', first, second)
  expectSame('the results of calls at once', atOnce, [...apart, first])
}

async function expectDisposed<Value>(
  trial: Trial<Value>,
  { loss, ...form }: TrialLoss<Value>,
): Promise<void> {
  const session = await trial.open()
  using other = await trial.open()
  const x = trial.examples()
  const before = await other.predict(x, {})
  session[Symbol.dispose]()
  session[Symbol.dispose]()
  const labels = createLabels(form, trial.model.outputShape)
  const calls = [
    session.predict(x, {}),
    session.inputGradients(x, new Int32Array(exampleCount), {}),
    session.lossGradients(x, labels, loss),
  ]
  for (const call of calls) await expectError('a call after dispose', call, 'DisposedError')
  expectSame('the outputs of the other session', await other.predict(x, {}), before)
}

async function expectInterrupted<Value>(
  trial: Trial<Value>,
  { loss, ...form }: TrialLoss<Value>,
): Promise<void> {
  const session = await trial.open()
  const x = trial.examples()
  const labels = createLabels(form, trial.model.outputShape)
  const calls = [session.predict(x, {}), session.lossGradients(x, labels, loss)]
  session[Symbol.dispose]()
  const [predicted, gradients] = await Promise.allSettled(calls)
  if (predicted!.status === 'rejected') {
    await expectError('predict', calls[0]!, 'DisposedError')
  } else expectNear('the outputs', ((await calls[0]) as NdArray).data, trial.outputs(), tolerance)
  if (gradients!.status === 'rejected') {
    await expectError('lossGradients', calls[1]!, 'DisposedError')
  } else if ('segments' in gradients!.value) await readGradients(gradients!.value)
}

async function expectWeights<Value>(trial: Trial<Value>): Promise<void> {
  using session = await trial.open()
  // Without weights, an adapter can't be used with stores, and nothing else is lost.
  if (session.weights === undefined) return
  const [first, second] = [await session.weights(), await session.weights()]
  expectSame(
    'the order of the weights',
    first.map(({ name }) => name),
    second.map(({ name }) => name),
  )
  for (const [k, { values }] of trial.model.weights.entries()) {
    const size = values.reduce((sum, value) => sum + Math.abs(value), 0)
    const isGiven = first.some(({ value }) => {
      const own = Float64Array.from(value.data).reduce((sum, number) => sum + Math.abs(number), 0)
      return value.data.length === values.length && Math.abs(own - size) <= 1e-5 * size
    })
    expectTrue(
      isGiven,
      `the weights: got none with the numbers of '${trial.model.weights[k]!.name}'.`,
    )
  }
}

async function expectChangedWeights<Value>(trial: Trial<Value>): Promise<void> {
  using session = await trial.open()
  const x = trial.examples()
  const { weightsVersion } = session
  await session.predict(x, {})
  expectSame('weightsVersion after a call', session.weightsVersion, weightsVersion)
  const { setWeights } = trial.tested
  if (setWeights === undefined) return
  const changed = trial.model.weights.map(({ values }) => values.map((value) => 0.3 - value))
  setWeights(changed)
  expectTrue(
    session.weightsVersion !== weightsVersion,
    'weightsVersion: got the same number after the weights had changed; expected another one.',
  )
  const output = await session.predict(x, {})
  const expected = trial.outputs(
    exampleCount,
    weightValues({
      weights: trial.model.weights.map((own, k) => ({ ...own, values: changed[k]! })),
    }),
  )
  expectNear('the outputs with changed weights', output.data, expected, tolerance)
}

async function expectRefused<Value>(
  { predictor }: Trial<Value>,
  { device, allowSoftware }: NonNullable<TestedAdapter['refused']>,
): Promise<void> {
  const opening = predictor.open(device, { allowSoftware })
  const error = await expectError(`opening '${device}'`, opening, 'DeviceError')
  expectSame('the device of the error', (error as Error & { device?: string }).device, device)
  expectTrue(
    error.message.includes(device),
    `the message does not name '${device}': ${error.message}`,
  )
}
