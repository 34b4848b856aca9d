import type { CompactBlock } from '../../../gradients/block.js'
import { Projection } from '../../../gradients/projection/projection.js'
import type { ProjectionSettings } from '../../../gradients/projection/projection-options.js'
import { sliceBlock } from '../../../gradients/slice-block.js'
import { type LabelInput, labelsOf } from '../../../losses/labels.js'
import { assertKnownKeys, readPositiveInteger } from '../../../options.js'
import type { WriterOptions } from '../../../store/zarr/format/create-header.js'
import type { ExampleSource } from '../../reading/example-source.js'
import { countExamples, type Inputs, rowsOf } from '../../reading/inputs.js'
import { BatchSize } from '../../session/batch-size.js'
import { describeModelIdentity } from '../../session/model-identity.js'
import { selectTrainable } from '../../session/parameters.js'
import { streamBlocks, type GradientBatches } from '../gradient-blocks.js'
import type { SimilaritySettings } from '../similarity-options.js'
import type { GradientContext } from '../training-set.js'
import {
  countGradientBytes,
  listParameterSizes,
  type MeasuredGradient,
  type StoredColumns,
} from './gradient-sizes.js'
import { readSamples } from './read-samples.js'
import {
  estimateOptionNames,
  type EstimateOptions,
  type SimilarityEstimate,
} from './similarity-estimate.js'

/** Runs a few training examples, and computes what the gradients of all would take. */
export async function estimateSimilarity<Value, Item>(
  xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
  yTrain: LabelInput | ExampleSource<LabelInput> | undefined,
  context: GradientContext<Value>,
  settings: SimilaritySettings,
  options: EstimateOptions,
): Promise<SimilarityEstimate> {
  assertKnownKeys('options', options, estimateOptionNames)
  const { projectionSize, onProgress } = options
  const { call } = context
  const concurrency = await call.concurrency()
  const most = context.batchSize.most * concurrency
  const samples = await readSamples(xTrain, yTrain, context, settings, most)
  const { exampleCount } = samples
  const batchSize = await context.batchSize.resolve(call, () => samples)
  const measuredCount = Math.min(countExamples(samples.x), batchSize * concurrency)
  const batches = {
    ...context,
    batchSize: new BatchSize('batchSize', batchSize, batchSize),
    x: rowsOf(samples.x, 0, measuredCount),
    y: labelsOf(samples.y, 0, measuredCount),
    projection: undefined,
  }
  const { exact, seconds } = await measurePass(batches, (done) => {
    onProgress?.({ phase: 'estimate', done, total: 2 * measuredCount })
  })
  const examples = settings.storeExamples ?? !samples.isRaw
  const { factors, ...labels } = labelsOf(samples.y, 0, 1)
  const columns: StoredColumns = {
    labels,
    labelFactors: factors,
    ...(examples === true && { examples: rowsOf(samples.x, 0, 1) }),
  }
  const stored: WriterOptions = {
    identity: await describeModelIdentity(call, context.loss),
    rowCount: exampleCount,
    dtype: settings.storeDtype,
    rowsPerChunk: settings.storeRowsPerChunk,
    exampleUrl: typeof examples === 'string' ? examples : undefined,
  }
  const project = async (projection: ProjectionSettings): Promise<Projected> =>
    projectOne(exact, new Projection(projection, selectTrainable(call.predictor)), () =>
      call.pause(),
    )
  const own = settings.projection
  const size = readPositiveInteger(
    'projectionSize',
    projectionSize ?? own?.size ?? defaultProjectionSize,
  )
  const kept: Projected =
    own === undefined ? { block: exact, plan: undefined, seconds: 0 } : await project(own)
  const other = own?.size === size ? kept : await projectIfSmaller(size, exact, project)
  const float16 = await countGradientBytes(kept, columns, { ...stored, dtype: 'float16' })
  call.check()
  return {
    exampleCount,
    measuredCount,
    seconds: (exampleCount * seconds) / measuredCount + exampleCount * kept.seconds,
    ...(await countGradientBytes(kept, columns, stored)),
    parameters: listParameterSizes(kept.block, exampleCount, settings.storeDtype),
    float16: { storedBytes: float16.storedBytes },
    projection:
      other?.plan === undefined
        ? null
        : {
            size,
            seconds: exampleCount * other.seconds,
            ...(await countGradientBytes(other, columns, stored)),
          },
  }
}

const defaultProjectionSize = 4096

interface Projected extends MeasuredGradient {
  /** Seconds per example. */
  readonly seconds: number
}

/** Runs all batches twice: the first pass compiles and checks. Returns the first example's gradient too. */
async function measurePass<Value>(
  batches: GradientBatches<Value>,
  report: (done: number) => void,
): Promise<{ readonly exact: CompactBlock; readonly seconds: number }> {
  const exampleCount = countExamples(batches.x)
  let exact: CompactBlock | undefined
  for await (const { gradients, end } of streamBlocks(batches)) {
    exact ??= sliceBlock(await gradients.read(), 0, 1)
    report(end)
  }
  const start = performance.now()
  for await (const { gradients, end } of streamBlocks(batches)) {
    // A GPU works on after an upload.
    await gradients.squaredNorms()
    report(exampleCount + end)
  }
  return { exact: exact!, seconds: (performance.now() - start) / 1000 }
}

/** Projects a gradient twice: the first time draws the matrices. */
async function projectOne(
  block: CompactBlock,
  projection: Projection,
  pause: () => Promise<void>,
): Promise<Projected> {
  await projection.project(block, pause)
  const start = performance.now()
  const projected = await projection.project(block, pause)
  const seconds = (performance.now() - start) / 1000
  return { block: projected, plan: projection.plan, seconds }
}

async function projectIfSmaller(
  size: number,
  { segments }: CompactBlock,
  project: (settings: ProjectionSettings) => Promise<Projected>,
): Promise<Projected | undefined> {
  if (size < segments.length) return undefined
  const projected = await project({ size, seed: 0 })
  return projected.plan?.parameters.length === 0 ? undefined : projected
}
