import { type Labels, labelsOf, takeLabels } from '../../losses/labels.js'
import { type NdArray, takeRows } from '../../ndarray.js'
import { expectNear, expectSame, expectTrue } from '../expectations.js'
import { readGradients } from '../read-gradients.js'
import { fourthPowers, referenceLosses } from '../reference-losses.js'
import type { AdapterCase, TestedAdapter } from '../tested-adapter.js'
import {
  createConvolutionModel,
  createDenseModel,
  createSequenceModel,
  exampleCount,
  freeze,
  type TestModel,
} from '../test-model.js'
import { batchTolerance, createLabels, namedLoss, Trial, type TrialLoss } from '../trial.js'

/** Cases for the gradients of losses by the parameters. */
export function gradientCases<Value>(
  adapter: TestedAdapter<Value>,
  models: readonly TestModel[],
): AdapterCase[] {
  const losses: readonly TrialLoss<Value>[] = referenceLosses
    .filter(({ name }) => adapter.losses?.includes(name) ?? true)
    .map((reference) => namedLoss<Value>(reference))
  const { lossFunction } = adapter
  const functions: readonly TrialLoss<Value>[] =
    lossFunction === undefined
      ? []
      : [
          {
            name: 'a loss function',
            activation: 'softmax',
            labels: 'shares',
            evaluate: fourthPowers,
            loss: lossFunction,
          },
        ]
  // Any loss does for softmax outputs: those of logits take them as logits.
  const loss =
    losses.find(({ activation }) => activation === 'softmax') ?? losses[0] ?? functions[0]
  const ofModel = (title: string, model: TestModel): AdapterCase[] =>
    loss === undefined
      ? []
      : [{ title, run: () => Trial.run(adapter, model, (trial) => expectGradients(trial, loss)) }]
  const dense = createDenseModel(11, [[3]], ['tanh', 'softmax'])
  return [
    ...[...losses, ...functions].map((loss) => ({
      title: `computes each example's own gradient of ${loss.name}`,
      run: () =>
        Trial.run(adapter, createDenseModel(10, [[3]], ['tanh', loss.activation]), (trial) =>
          expectGradients(trial, loss),
        ),
    })),
    ...models.flatMap((model) =>
      model.outputShape.length === 1
        ? ofModel(`computes the gradients of ${model.title}, example by example`, model)
        : [],
    ),
    ...(adapter.freezes === false
      ? []
      : ofModel('leaves out the gradients of frozen weights', freeze(dense, 0, 1))),
    ...(adapter.hasPositions === false ? [] : sequenceCases(adapter, losses)),
    ...(loss === undefined ? [] : companyCases(adapter, loss)),
    ...(loss === undefined ? [] : residenceCases(adapter, loss)),
  ]
}

async function expectGradients<Value>(trial: Trial<Value>, loss: TrialLoss<Value>): Promise<void> {
  using session = await trial.open()
  await trial.expectLossGradients(session, loss, createLabels(loss, trial.model.outputShape))
}

/** Positions with factors: weights and masks, of which some are 0. */
function sequenceCases<Value>(
  adapter: TestedAdapter<Value>,
  losses: readonly TrialLoss<Value>[],
): AdapterCase[] {
  const model = createSequenceModel()
  return losses
    .filter(({ activation }) => activation === 'linear')
    .map((loss) => ({
      title: `computes the gradients of ${loss.name} for an output per position, with its weights`,
      run: () =>
        Trial.run(adapter, model, async (trial) => {
          using session = await trial.open()
          const labels = createLabels(loss, model.outputShape)
          await trial.expectLossGradients(session, loss, labels)
          const [positions = 1] = model.outputShape
          const data = Float32Array.from({ length: exampleCount * positions }, (_, k) => k % 3)
          const factors = { data, shape: [exampleCount, positions] }
          await trial.expectLossGradients(session, loss, { ...labels, factors })
        }),
    }))
}

/** The gradients of an example don't depend on the others of its batch, nor on the size of batches before. */
function companyCases<Value>(adapter: TestedAdapter<Value>, loss: TrialLoss<Value>): AdapterCase[] {
  const model = createDenseModel(12, [[3]], ['tanh', 'softmax'])
  return [
    {
      title: 'computes the same gradient for an example alone and in any batch',
      run: () =>
        Trial.run(adapter, model, async (trial) => {
          using session = await trial.open()
          const x = trial.examples()
          const labels = createLabels(loss, model.outputShape)
          const all = await readGradients(await session.lossGradients(x, labels, loss.loss))
          for (const order of [[0], [3], [4, 3], [2, 2, 0]]) {
            const picked = x.map((array) => takeRows(array, order))
            const block = await session.lossGradients(picked, takeLabels(labels, order), loss.loss)
            for (const [row, gradients] of (await readGradients(block)).entries()) {
              for (const [name, values] of gradients) {
                const expected = all[order[row]!]!.get(name)!
                expectNear(`the gradient of '${name}'`, values, expected, batchTolerance)
              }
            }
          }
        }),
    },
  ]
}

/** Where the numbers of a block are. */
function residenceCases<Value>(
  adapter: TestedAdapter<Value>,
  loss: TrialLoss<Value>,
): AdapterCase[] {
  const model = createConvolutionModel()
  const isBuilt = model.layers.every(({ kind }) => adapter.layerKinds?.includes(kind) ?? true)
  const used = isBuilt ? model : createDenseModel(13, [[3]], ['tanh', 'softmax'])
  const run = (trial: Trial<Value>): Promise<void> =>
    adapter.hasGpuBlocks === true ? expectGpuBlocks(trial, loss) : expectHostBlocks(trial, loss)
  const title =
    adapter.hasGpuBlocks === true
      ? 'leaves gradients in GPU buffers until their block is disposed'
      : 'returns gradients in arrays that later calls leave as they are'
  return [{ title, run: () => Trial.run(adapter, used, run) }]
}

async function expectGpuBlocks<Value>(
  trial: Trial<Value>,
  { loss, ...form }: TrialLoss<Value>,
): Promise<void> {
  using session = await trial.open()
  const { gpuDevice } = session
  expectTrue(gpuDevice !== undefined, 'session.gpuDevice: got undefined; expected a GPUDevice.')
  const labels = createLabels(form, trial.model.outputShape)
  const x = trial.examples()
  const first = await session.lossGradients(x, labels, loss)
  expectTrue('gpuDevice' in first, 'got gradients in arrays; expected them in GPU buffers.')
  // Later passes must not reuse the buffers of a block that is in use.
  const half = Math.floor(exampleCount / 2)
  const second = await session.lossGradients(
    x.map((array) =>
      takeRows(
        array,
        Array.from({ length: half }, (_, k) => k),
      ),
    ),
    labelsOf(labels, 0, half),
    loss,
  )
  await session.predict(x, {})
  const gradients = await readGradients(first)
  for (const [row, own] of (await readGradients(second)).entries()) {
    for (const [name, values] of own) {
      expectNear(`the gradient of '${name}'`, gradients[row]!.get(name), values, batchTolerance)
    }
  }
}

async function expectHostBlocks<Value>(
  trial: Trial<Value>,
  { loss, ...form }: TrialLoss<Value>,
): Promise<void> {
  using session = await trial.open()
  expectSame('session.gpuDevice', session.gpuDevice, undefined)
  const labels = createLabels(form, trial.model.outputShape)
  const reversed = Array.from({ length: exampleCount }, (_, k) => exampleCount - 1 - k)
  const x = trial.examples()
  const block = await session.lossGradients(x, labels, loss)
  const before = await readGradients(block)
  const other = x.map((array): NdArray => takeRows(array, reversed))
  const otherLabels: Labels = takeLabels(labels, reversed)
  await session.lossGradients(other, otherLabels, loss)
  for (const [row, own] of (await readGradients(block)).entries()) {
    for (const [name, values] of own) {
      expectNear(`the gradient of '${name}'`, values, before[row]!.get(name)!, 0)
    }
  }
}
