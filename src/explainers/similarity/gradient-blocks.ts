import type { BatchSize } from '../session/batch-size.js'
import type { GradientBackend, DeviceGradients } from '../../compute/gradient-backend.js'
import type { CachedGradients } from './cached-gradients.js'
import type { Projection } from '../../gradients/projection/projection.js'
import { type Labels, labelsOf } from '../../losses/labels.js'
import { positionLoss, type ReadLoss } from '../../losses/loss.js'
import type { NdArray } from '../../ndarray.js'
import { runInBatches } from '../session/batches.js'
import { countExamples, rowsOf } from '../reading/inputs.js'
import type { ModelCall } from '../session/model-session.js'

/** Examples, and what computes their loss gradients. */
export interface GradientBatches<Value> {
  readonly call: ModelCall<Value>
  readonly backend: GradientBackend
  readonly x: readonly NdArray[]
  readonly y: Labels
  readonly loss: ReadLoss<Value>
  readonly batchSize: BatchSize
  /** If set, gradients are projected. */
  readonly projection?: Projection | undefined
}

/** The gradients of the examples from `start` to `end` − 1. */
export interface PlacedGradients {
  readonly gradients: DeviceGradients
  readonly start: number
  readonly end: number
}

/**
 * Computes gradients block by block, each in its own task of the event loop. The caller disposes of each block.
 *
 * @param from the example to begin with
 */
export async function* computeBlocks<Value>(
  of: GradientBatches<Value>,
  from = 0,
): AsyncGenerator<PlacedGradients> {
  const { call, backend, x, y, loss, batchSize, projection } = of
  const exampleCount = countExamples(x)
  const ofPosition = typeof loss === 'function' ? loss : positionLoss(loss)
  const computeBatch = async (first: number, last: number): Promise<DeviceGradients> => {
    const [start, end] = [from + first, from + last]
    const [xBatch, yBatch] = [rowsOf(x, start, end), labelsOf(y, start, end)]
    const block = await call.run((session) => session.lossGradients(xBatch, yBatch, ofPosition))
    const gradients = await backend.upload(block)
    return projection === undefined ? gradients : projectAndUpload(gradients, projection, of)
  }
  for await (const { result, start, end } of runInBatches(
    exampleCount - from,
    await batchSize.resolve(call, () => ({ x })),
    computeBatch,
    {
      concurrency: await call.concurrency(),
      discard: (gradients) => {
        gradients[Symbol.dispose]()
      },
    },
  )) {
    yield { gradients: result, start: from + start, end: from + end }
    if (from + end < exampleCount) await call.pause()
  }
}

/** Replaces gradients on the device by their projections, computed there if the device can. */
async function projectAndUpload<Value>(
  gradients: DeviceGradients,
  projection: Projection,
  { call, backend }: Pick<GradientBatches<Value>, 'call' | 'backend'>,
): Promise<DeviceGradients> {
  try {
    const projected = await backend.project?.(gradients, projection)
    if (projected !== undefined) return projected
    const exact = await gradients.read()
    return await backend.upload(await projection.project(exact, () => call.pause()))
  } finally {
    gradients[Symbol.dispose]()
  }
}

/** Yields blocks like `computeBlocks`, and disposes each when the next one is requested. */
export async function* streamBlocks<Value>(
  of: GradientBatches<Value>,
): AsyncGenerator<PlacedGradients> {
  for await (const placed of computeBlocks(of)) {
    try {
      yield placed
    } finally {
      placed.gradients[Symbol.dispose]()
    }
  }
}

/** Yields gradients in memory block by block, with pauses so that the page can respond. */
export async function* readCachedBlocks<Value>(
  uploaded: CachedGradients,
  call: ModelCall<Value>,
): AsyncGenerator<PlacedGradients> {
  let start = 0
  let lastPause = performance.now()
  for (const gradients of uploaded.blocks) {
    const end = start + gradients.exampleCount
    yield { gradients, start, end }
    start = end
    call.check()
    if (performance.now() - lastPause < longestTaskMs) continue
    await call.pause()
    lastPause = performance.now()
  }
}

/** Scoring pauses after this time, so that the page can respond. */
const longestTaskMs = 12
