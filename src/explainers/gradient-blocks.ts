import type { Compute } from '../compute/compute.js'
import { NonFiniteError } from '../errors.js'
import type { GradientStore, StoredBlock } from '../gradients/store.js'
import type { NdArray } from '../ndarray.js'
import { rows } from '../ndarray.js'
import type { Loss } from '../predictor.js'
import { rowCountOf, rowsOf } from './inputs.js'
import type { ModelCall } from './model-session.js'

/** Examples whose loss gradients are wanted, and what computes them. */
export interface GradientBatches<Value> {
  readonly call: ModelCall<Value>
  readonly compute: Compute
  readonly x: readonly NdArray[]
  readonly y: NdArray
  readonly loss: Loss<Value>
  readonly batchSize: number
}

/** The gradients of the examples from `start` to `end` − 1. */
export interface PlacedBlock {
  readonly stored: StoredBlock
  readonly start: number
  readonly end: number
}

/** Gradients computed block by block, a task of the event loop each. */
export async function* computedBlocks<Value>(
  of: GradientBatches<Value>,
): AsyncGenerator<PlacedBlock> {
  const { call, compute, x, y, loss, batchSize } = of
  const rowCount = rowCountOf(x)
  for (let start = 0; start < rowCount; start += batchSize) {
    const end = Math.min(start + batchSize, rowCount)
    const [xBatch, yBatch] = [rowsOf(x, start, end), rows(y, start, end)]
    const raw = await call.run((session) => session.lossGradients(xBatch, yBatch, loss))
    const block = await compute.compact(raw)
    yield { stored: { block, squaredNorms: await compute.squaredNorms(block) }, start, end }
    await call.pause()
  }
}

/** All blocks of the examples to be explained, whose gradients must be finite. */
export async function finiteBlocks<Value>(of: GradientBatches<Value>): Promise<PlacedBlock[]> {
  const blocks: PlacedBlock[] = []
  for await (const placed of computedBlocks(of)) {
    const { stored, start } = placed
    const row = stored.squaredNorms.findIndex((norm) => !Number.isFinite(norm))
    if (row >= 0) {
      throw new NonFiniteError(
        `the squared norm of the loss gradient of example ${String(start + row)}`,
        stored.squaredNorms[row]!,
        [start + row],
        'Its ranking would mean nothing; look at its label, the loss and the weights.',
      )
    }
    blocks.push(placed)
  }
  return blocks
}

/** Stored gradients block by block; the page gets its turn in between. */
export async function* storedBlocks<Value>(
  store: GradientStore,
  call: ModelCall<Value>,
): AsyncGenerator<PlacedBlock> {
  let start = 0
  let lastPause = performance.now()
  for (const stored of store.blocks) {
    const end = start + stored.block.rowCount
    yield { stored, start, end }
    start = end
    call.check()
    if (performance.now() - lastPause < longestTaskMs) continue
    await call.pause()
    lastPause = performance.now()
  }
}

/** Scoring goes on this long before the page gets its turn. */
const longestTaskMs = 12
