import type { DeviceGradients } from '../../../compute/gradient-backend.js'
import { InvalidArgumentError, MemoryError } from '../../../errors.js'
import type { CompactBlock } from '../../../gradients/block.js'
import { getCompactByteLength } from '../../../gradients/compact-layout.js'
import { Projection } from '../../../gradients/projection/projection.js'
import { sliceBlock } from '../../../gradients/slice-block.js'
import type { ModelCall } from '../../session/model-session.js'
import { selectTrainable } from '../../session/parameters.js'
import { listParameterSizes } from './gradient-sizes.js'

/** Gradients that `fit` would keep in memory. */
export interface KeptGradients<Value> {
  readonly call: ModelCall<Value>
  /** Of how many examples. */
  readonly exampleCount: number
  /** The first of them. */
  readonly first: DeviceGradients
}

/** Creates the error of a `fit` whose gradients would exceed `maxBytes`. */
export async function createLimitError<Value>(
  kept: KeptGradients<Value>,
  maxBytes: number,
): Promise<InvalidArgumentError> {
  const block = sliceBlock(await kept.first.read(), 0, 1)
  const needed = kept.exampleCount * getCompactByteLength(1, block.segments)
  return new InvalidArgumentError(
    'maxBytes',
    format(maxBytes),
    `${format(needed)} or more, which the gradients of ${kept.exampleCount} examples take in memory; ` +
      `or one of: ${(await listChoices(kept, block)).join('; ')}`,
  )
}

/** Creates the error of a `fit` that ran out of memory, from the device's own. */
export async function describeShortage<Value>(
  error: MemoryError,
  kept: KeptGradients<Value>,
): Promise<MemoryError> {
  const block = sliceBlock(await kept.first.read(), 0, 1)
  const needed = kept.exampleCount * getCompactByteLength(1, block.segments)
  const { device, byteLength } = error
  return new MemoryError(
    device,
    `${error.message} The gradients of ${kept.exampleCount} examples take ${format(needed)} in all. ` +
      `Choose one of: ${(await listChoices(kept, block)).join('; ')}.`,
    { byteLength, cause: error },
  )
}

/** Lists options that need less memory, with their bytes. */
async function listChoices<Value>(
  { call, exampleCount }: KeptGradients<Value>,
  block: CompactBlock,
): Promise<string[]> {
  const own = getCompactByteLength(1, block.segments)
  const projected = await projectSmaller(call, block)
  const [largest, ...others] = listParameterSizes(block, exampleCount, 'float32')
  const [float32, float16] = (['float32', 'float16'] as const).map((dtype) =>
    listParameterSizes(block, exampleCount, dtype).reduce((sum, each) => sum + each.storedBytes, 0),
  )
  return [
    ...(projected === undefined || projected.byteLength >= own
      ? []
      : [
          `projection: { size: ${projected.size} } (${format(exampleCount * projected.byteLength)})`,
        ]),
    ...(largest === undefined || others.length === 0
      ? []
      : [
          `a parameters filter without '${largest.name}' (` +
            `${format(exampleCount * own - largest.memoryBytes)})`,
        ]),
    `a store (${format(float32!)}, or ${format(float16!)} with storeDtype: 'float16'), ` +
      'of which explain reads a part at a time',
    'precomputeGrads: false, which computes the gradients in each explain',
  ]
}

/** The bytes of one example's gradient with the usual projection, or one to a quarter of its numbers. */
async function projectSmaller<Value>(
  call: ModelCall<Value>,
  block: CompactBlock,
): Promise<{ readonly size: number; readonly byteLength: number } | undefined> {
  const numbers = getCompactByteLength(1, block.segments) / 4
  const size = Math.max(block.segments.length, Math.min(4096, Math.floor(numbers / 4)))
  const projection = new Projection({ size, seed: 0 }, selectTrainable(call.predictor))
  const { segments } = await projection.project(block, () => call.pause())
  return { size, byteLength: getCompactByteLength(1, segments) }
}

const format = (byteLength: number): string => `${Math.ceil(byteLength).toLocaleString('en')} bytes`
