/** What must compile, and what must not, for the users of the package's declarations. It is never run. */
import type { GraphModel, LayersModel, Tensor, Variable } from '@tensorflow/tfjs'
import {
  type ArrayLike,
  ExpectedGradients,
  Explanation,
  Gradient,
  GradientSimilarity,
  IntegratedGradients,
  isGradlensError,
  type Device,
  type NdArray,
  type PickedExamples,
  type Predictor,
  type Progress,
  type ExampleSource,
  type WritableByteStore,
  type TargetInput,
  type GradientSimilarityOptions,
} from 'gradlens'
import {
  AttributionEvaluator,
  identicalClassTest,
  mergeClasses,
  modelRandomisationTest,
  projectionQuality,
  sensitivityMax,
} from 'gradlens/evaluation'
import type { ClassProbability, GlProbabilities, PixelReadout } from 'gradlens/elements'
import type {} from 'gradlens/elements/define'
import type {} from 'gradlens/global'
import { tfjsPredictor, type FunctionModel, type GraphModelOptions } from 'gradlens/tfjs'
import { connectExplainers } from 'gradlens/worker'
import { expectTypeOf } from 'vitest'

declare const model: LayersModel
declare const graph: GraphModel
declare const variable: Variable
declare const tensor: Tensor
declare const array: NdArray

const predictor = tfjsPredictor(model)

export const targets: readonly TargetInput[] = [
  1,
  [1, 2],
  { sum: [1, 2] },
  { each: [0, 1] },
  { each: [{ sum: [0, 1] }, { sum: [2] }] },
  // @ts-expect-error: several targets have no targets within them
  { each: [{ each: [0] }] },
]
tfjsPredictor(model, { logits: true })
export const chosen: GradientSimilarityOptions = { parameters: (name) => name.startsWith('head') }

export const arrays: readonly ArrayLike[] = [
  1,
  [[1, 2]],
  Float32Array.of(1, 2),
  [Float32Array.of(1, 2), BigInt64Array.of(3n, 4n)],
  { data: [1, 2], shape: [1, 2] },
  { data: Float32Array.of(1, 2), shape: [1, 2], stride: [1, 1] },
  { data: Float32Array.of(1, 2), shape: [1, 2], strides: [1, 1], offset: 0 },
  { data: BigInt64Array.of(1n), dims: [1], type: 'int64' },
  tensor,
  array,
  // @ts-expect-error: strings are not numbers
  ['1'],
  // @ts-expect-error: data need a shape
  { data: Float32Array.of(1, 2) },
]
expectTypeOf(predictor).toEqualTypeOf<Predictor<Tensor>>()

export function models(options: GraphModelOptions): void {
  expectTypeOf(tfjsPredictor(graph)).toEqualTypeOf<Predictor<Tensor>>()
  tfjsPredictor(graph, options)
  tfjsPredictor(graph, {
    output: 'logits',
    trainable: (name, shape) => name !== '' && shape.length > 1,
  })
  tfjsPredictor({
    call: (x, y) => {
      expectTypeOf(x).toEqualTypeOf<Tensor>()
      return x.add(y).mul(variable)
    },
    variables: [variable],
    inputs: [{ shape: [4] }, { shape: [null], name: 'y', dtype: 'int32' }],
    outputShape: [4],
  } satisfies FunctionModel)

  expectTypeOf(tfjsPredictor(model, { output: 1 })).toEqualTypeOf<Predictor<Tensor>>()
  const records = (items: { text: string }[]): Tensor[] =>
    items.map(({ text }) => tensor.mul(text.length))
  expectTypeOf(tfjsPredictor(model, { preprocess: records })).toEqualTypeOf<
    Predictor<Tensor, { text: string }>
  >()
  expectTypeOf(
    tfjsPredictor(graph, {
      output: 'logits',
      preprocess: (items) => {
        expectTypeOf(items).toEqualTypeOf<unknown[]>()
        return tensor
      },
    }),
  ).toEqualTypeOf<Predictor<Tensor, unknown>>()
  // @ts-expect-error -- what preprocess gives are tensors, and at once
  tfjsPredictor(model, { preprocess: () => Promise.resolve(tensor) })
  // @ts-expect-error -- only a GraphModel has forgotten what is trainable
  tfjsPredictor(model, { trainable: () => true })
  // @ts-expect-error -- a function has to say its inputs
  tfjsPredictor({ call: (x: Tensor) => x, variables: [] })
}

export async function similarity(signal: AbortSignal): Promise<void> {
  using explainer = new GradientSimilarity(predictor, 'categoricalCrossentropy', {
    simFn: 'grad_cos',
    task: 'classification',
    precomputeGrads: true,
    topK: 3,
    eps: 1e-7,
    device: 'auto',
    verbose: false,
  })
  const fitted = await explainer.fit(tensor, array, {
    signal,
    onProgress: (progress) => {
      expectTypeOf(progress).toEqualTypeOf<Progress>()
    },
  })
  expectTypeOf(fitted).toEqualTypeOf<typeof explainer>()

  const explanation = await explainer.explain([[1, 2, 3]], undefined, { signal, topK: 2 })
  expectTypeOf(explanation.data.scores).toEqualTypeOf<NdArray>()
  expectTypeOf(explanation.scores).toEqualTypeOf<NdArray>()
  expectTypeOf(explanation.orderedIndices).toEqualTypeOf<NdArray>()
  expectTypeOf(explanation.name).toEqualTypeOf<string>()
  expectTypeOf(explainer.device).toEqualTypeOf<Device | null>()
  expectTypeOf(explainer.fallbackReason).toEqualTypeOf<string | null>()
  Explanation.fromJSON(JSON.stringify(explanation))
  explainer.resetPredictor(predictor)

  // @ts-expect-error -- results are read, not written
  explanation.data.scores = array
  // @ts-expect-error -- there is no such similarity function
  await explainer.explain(tensor, array, { simFn: 'cosine' })
  // @ts-expect-error -- training labels are not optional
  await explainer.fit(tensor)
}

export async function stored(store: WritableByteStore, signal: AbortSignal): Promise<void> {
  new GradientSimilarity(predictor, 'meanSquaredError', {
    precomputeGrads: true,
    store,
    storeDtype: 'float16',
    projection: { size: 4096, seed: 1 },
    storeExamples: 'https://example.org/{id}.png',
    storeRowsPerChunk: 256,
  })
  const options = { signal, maxBytes: 2 ** 27, maxGpuBytes: 2 ** 27, topK: 3 }
  const opened = await GradientSimilarity.open(store, predictor, 'meanSquaredError', options)
  expectTypeOf(opened).toEqualTypeOf<GradientSimilarity<Tensor>>()
  const { mostSimilar } = await opened.explain(tensor)
  expectTypeOf(mostSimilar).toEqualTypeOf<PickedExamples>()

  // @ts-expect-error -- what is opened is not fitted
  await GradientSimilarity.open(store, predictor, 'meanSquaredError', { precomputeGrads: true })
}

export async function lazily(
  explainer: GradientSimilarity<Tensor>,
  x: ExampleSource<NdArray>,
  y: ExampleSource<number[]>,
): Promise<void> {
  await explainer.fit(x, y)
  await explainer.fit(x, [1, 0])
  await explainer.precompute(x, y, { rows: { start: 0, end: 64 }, ids: array })
  // @ts-expect-error rows are a range, not a count
  await explainer.precompute(x, y, { rows: 64 })
  // @ts-expect-error what is read is what fit takes
  await explainer.fit({ exampleCount: 2, read: () => 'rows' }, y)
}

export function losses(): void {
  new GradientSimilarity(predictor, (yTrue, yPred) => {
    expectTypeOf(yTrue).toEqualTypeOf<Tensor>()
    return yPred.sub(yTrue).square()
  })
  // @ts-expect-error -- there is no such loss
  new GradientSimilarity(predictor, 'crossentropy')
  // @ts-expect-error -- a loss function takes the framework's tensors
  new GradientSimilarity(predictor, (yTrue: string, yPred: Tensor) => yPred)
  // @ts-expect-error -- a loss is needed
  new GradientSimilarity(predictor)
  // @ts-expect-error -- a model is not a predictor
  new GradientSimilarity(model, 'meanSquaredError')
  // @ts-expect-error -- there is no such device
  new GradientSimilarity(predictor, 'meanSquaredError', { device: 'gpu' })
}

export async function attributions(signal: AbortSignal): Promise<void> {
  const explainer = new IntegratedGradients(predictor, {
    method: 'gausslegendre',
    nSteps: 50,
    internalBatchSize: 100,
    device: 'wasm',
  })
  const explanation = await explainer.explain(tensor, {
    target: [0, 2],
    baselines: 0.5,
    forwardKwargs: { mask: array },
    signal,
  })
  expectTypeOf(explanation.attributions).toEqualTypeOf<readonly NdArray[]>()
  expectTypeOf(explanation.data.deltas).toEqualTypeOf<NdArray>()
  expectTypeOf(explanation.predictions).toEqualTypeOf<NdArray>()
  explainer.dispose()

  // @ts-expect-error -- there is no such quadrature
  new IntegratedGradients(predictor, { method: 'simpson' })
  // @ts-expect-error -- options are named as the contract has them
  new IntegratedGradients(predictor, { steps: 50 })
}

export async function rawItems(signal: AbortSignal): Promise<void> {
  const texts = tfjsPredictor(model, { preprocess: (items: string[]) => tensor.mul(items.length) })
  using similarity = new GradientSimilarity(texts, 'sparseCategoricalCrossentropy')
  await similarity.fit(['a', 'b'], [0, 1], { signal })
  const { mostSimilar } = await similarity.explain(['a'])
  expectTypeOf(mostSimilar).toEqualTypeOf<PickedExamples>()
  using integrated = new IntegratedGradients(texts, { layer: 'embedding' })
  const { attributions } = await integrated.explain(['a'], {
    target: 1,
    baselines: { average: [{ items: [''] }, 0] },
  })
  using gradient = new Gradient(texts, { layer: 'embedding' })
  await gradient.explain(['a'], { target: 1 })
  using expected = new ExpectedGradients(texts, { layer: 'embedding' })
  await expected.explain(['a'], { target: 1, background: ['b'] })
  using evaluator = new AttributionEvaluator(texts)
  await evaluator.deletion(['a'], attributions, { target: 1, baselines: { items: [''] } })
  await evaluator.deletion(tensor, attributions, { target: 1 })

  // @ts-expect-error -- records are not texts
  await integrated.explain([{ text: 'a' }])
  // @ts-expect-error -- texts are nothing without preprocess
  await new IntegratedGradients(predictor).explain(['a'])
  // @ts-expect-error -- nor do paths begin at them
  await new IntegratedGradients(predictor).explain(tensor, { baselines: { items: [''] } })
}

export async function measures(signal: AbortSignal): Promise<void> {
  using integrated = new IntegratedGradients(predictor)
  using evaluator = new AttributionEvaluator(predictor, { device: 'auto', batchSize: 32 })
  const { attributions, target } = await integrated.explain(tensor, { target: 3 })
  const options = { target, baselines: 0, signal }
  const { areas } = await evaluator.deletion(tensor, attributions, { ...options, steps: 20 })
  expectTypeOf(areas).toEqualTypeOf<NdArray>()
  const { mean } = await evaluator.muFidelity(tensor, attributions, { ...options, seed: 1 })
  expectTypeOf(mean).toEqualTypeOf<number>()
  await sensitivityMax(async (x) => (await integrated.explain(x)).attributions, array, { signal })

  using similarity = new GradientSimilarity(predictor, 'sparseCategoricalCrossentropy')
  const explanation = await similarity.explain(tensor)
  const { share, classes } = await identicalClassTest(explanation.orderedIndices, [1, 2], [1])
  expectTypeOf(share).toEqualTypeOf<number>()
  expectTypeOf(classes[0]?.label).toEqualTypeOf<number | undefined>()
  await modelRandomisationTest(explanation, () => similarity.explain(tensor), { runs: 2 })
  const { similarities } = await projectionQuality(predictor, 'meanSquaredError', tensor, array, {
    projection: { size: 64 },
  })
  expectTypeOf(similarities.grad_cos.recall).toEqualTypeOf<number>()
  mergeClasses(10, { seed: 1 })

  // @ts-expect-error -- there is no such correlation
  await evaluator.muFidelity(tensor, attributions, { correlation: 'kendall' })
  // @ts-expect-error -- an explainer is not a ranking
  await modelRandomisationTest(similarity, () => explanation)
}

export function errors(error: unknown): readonly number[] | string {
  if (isGradlensError(error, 'NonFiniteError')) return error.index
  if (isGradlensError(error, 'InvalidArgumentError')) return error.expected
  if (isGradlensError(error)) expectTypeOf(error).not.toHaveProperty('index')
  return ''
}

export function classicScript(): void {
  expectTypeOf(window.gradlens.tfjsPredictor).toEqualTypeOf<typeof tfjsPredictor>()
  expectTypeOf(window.gradlens.GradientSimilarity).toEqualTypeOf<typeof GradientSimilarity>()
}

export function elements(explanation: Explanation<object>, promised: Promise<string>): void {
  const probabilities = document.createElement('gl-probabilities')
  expectTypeOf(probabilities).toEqualTypeOf<GlProbabilities>()
  probabilities.explanation = explanation
  probabilities.explanation = explanation.toJSON()
  probabilities.explanation = promised
  probabilities.explanation = null
  probabilities.labels = ['cat', 'dog']
  probabilities.addEventListener('gl-class-select', ({ detail }) => {
    expectTypeOf(detail).toEqualTypeOf<ClassProbability>()
  })
  document.addEventListener('gl-state-change', (event) => {
    expectTypeOf(event).toEqualTypeOf<Event>()
  })
  document.body.addEventListener('gl-pixel-focus', ({ detail }) => {
    expectTypeOf(detail).toEqualTypeOf<PixelReadout | null>()
  })
  document.querySelector('gl-attribution-image')!.layout = 'overlay'
  document.querySelector('gl-attribution-text')!.tokens = ['not', 'bad']
  document.querySelector('gl-attribution-bars')!.order = 'given'

  // @ts-expect-error -- there is no such layout
  document.createElement('gl-attribution-image').layout = 'above'
  // @ts-expect-error -- an array is not an explanation
  probabilities.explanation = [1, 2]
  // @ts-expect-error -- what it does is told, not set
  probabilities.state = 'ready'
}

export async function results(signal: AbortSignal): Promise<void> {
  using integrated = new IntegratedGradients(predictor)
  const image = document.createElement('gl-attribution-image')
  image.explanation = integrated.explain(tensor, { target: 3, signal })
  using similarity = new GradientSimilarity(predictor, 'meanSquaredError')
  document.createElement('gl-similar-examples').explanation = await similarity.explain(tensor)

  const explainer = document.createElement('gl-explainer')
  explainer.similarity = similarity
  explainer.attribution = integrated
  explainer.addEventListener('gl-explain-progress', ({ detail }) => {
    expectTypeOf(detail.part).toEqualTypeOf<'attribution' | 'similarity'>()
    expectTypeOf(detail.done).toBeNumber()
  })
  explainer.addEventListener('gl-example-select', ({ detail }) => {
    expectTypeOf(detail.end).toEqualTypeOf<'most' | 'least'>()
  })
  // @ts-expect-error -- a model is not an explainer
  explainer.similarity = predictor

  const explainers = connectExplainers(new Worker('explain-worker.js'), { timeoutMs: 60_000 })
  explainer.similarity = explainers.gradientSimilarity('meanSquaredError')
  explainer.attribution = explainers.integratedGradients({ nSteps: 20 })
  explainer.predict = explainers.predict
  const remote = await explainers.gradient().explain(tensor, { target: 1, signal })
  expectTypeOf(remote.attributions).toEqualTypeOf<readonly NdArray[]>()
  // @ts-expect-error -- milliseconds, not a text
  connectExplainers(new Worker('explain-worker.js'), { timeoutMs: '60' })
}
