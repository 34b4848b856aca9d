import { InvalidArgumentError } from '../../errors.js'
import { assertFinite, concatenateRows, type NdArray, sameShape } from '../../ndarray.js'
import type { ArraySpec } from '../../predictor.js'
import { assertFits } from './input-shape.js'
import type { ModelCall } from '../session/model-session.js'

/**
 * What the predictor makes of raw items, `batchSize` at a time: one array per input.
 *
 * @throws InvalidArgumentError if these are not one array per input, of one row per item, and alike in all batches;
 *   NonFiniteError; what `preprocess` throws
 */
export async function preprocessed<Value>(
  argument: string,
  items: readonly unknown[],
  specs: readonly ArraySpec[],
  call: ModelCall<Value>,
  batchSize: number,
): Promise<NdArray[]> {
  const name = `preprocess(${argument})`
  const batches: (readonly NdArray[])[] = []
  for (let start = 0; start < items.length; start += batchSize) {
    if (start > 0) await call.pause()
    const some = items.slice(start, start + batchSize)
    const arrays = await call.predictor.preprocess!(some as never[])
    call.check()
    assertOnePerInput(name, arrays, specs)
    for (const [j, array] of arrays.entries()) {
      const own = specs.length === 1 ? name : `${name}[${j}]`
      assertRows(own, array, some.length)
      assertFits(own, array, specs[j]!)
      assertAlike(own, array, batches[0]?.[j])
    }
    batches.push(arrays)
  }
  const wholes = specs.map((_, j) => concatenateRows(batches.map((arrays) => arrays[j]!)))
  for (const whole of wholes) assertFinite(name, whole)
  return wholes
}

function assertOnePerInput(
  name: string,
  arrays: readonly NdArray[],
  specs: readonly ArraySpec[],
): void {
  if (arrays.length === specs.length) return
  const names = specs.map((spec) => spec.name).join(', ')
  throw new InvalidArgumentError(
    name,
    `${arrays.length} tensors`,
    `${specs.length}, one per model input (${names})`,
  )
}

function assertRows(name: string, { shape }: NdArray, itemCount: number): void {
  if (shape[0] === itemCount) return
  throw new InvalidArgumentError(
    name,
    `shape [${shape.join(', ')}] for ${itemCount} items`,
    `${itemCount} along the first axis, one example per item`,
  )
}

/** Batches are put together: sequences, say, that were padded to the longest of each would not fit. */
function assertAlike(name: string, { data, shape }: NdArray, first: NdArray | undefined): void {
  if (first === undefined) return
  const isAlike =
    sameShape(shape.slice(1), first.shape.slice(1)) && data.constructor === first.data.constructor
  if (isAlike) return
  const form = (of: NdArray): string =>
    `shape [${of.shape.join(', ')}] of ${of.data.constructor.name}`
  throw new InvalidArgumentError(
    name,
    `${form({ data, shape })} for one batch of items, and ${form(first)} for another`,
    'the same dtype, and the same shape of an example, for all: pad or cut to a fixed length',
  )
}
