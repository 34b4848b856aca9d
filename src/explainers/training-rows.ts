import { InvalidArgumentError } from '../errors.js'
import type { ArrayInput, NdArray } from '../ndarray.js'
import { rows, toNdArray } from '../ndarray.js'
import { describe } from '../options.js'
import type { Loss } from '../predictor.js'
import type { Inputs } from './inputs.js'
import { readInputs, rowsOf } from './inputs.js'
import { readLabels } from './labels.js'
import type { ModelCall } from './model-session.js'
import { isArray } from './raw-items.js'
import { checkRowSource, isRowSource, type RowSource } from './row-source.js'
import { refuseKeeping, type SimilaritySettings } from './similarity-options.js'
import type { TrainingExamples } from './training-set.js'

/** Training examples with their labels and, if they have any, their ids: an array of as many rows each. */
export interface TrainingBatch {
  readonly x: readonly NdArray[]
  readonly y: NdArray
  readonly ids: NdArray | undefined
}

/** All training examples, to be read some at a time. */
export interface TrainingRows {
  readonly rowCount: number
  /** True if they are given as raw items, which no store keeps. */
  readonly isRaw: boolean
  /** Those from `start` to `end` − 1, checked. */
  read(start: number, end: number): Promise<TrainingBatch>
}

export interface GivenTrainingRows<Item> {
  readonly x: Inputs<Item> | RowSource<Inputs<Item>>
  readonly y: ArrayInput | RowSource<ArrayInput>
  readonly ids?: ArrayInput | RowSource<ArrayInput> | undefined
}

export const rowsInMemory = ({ x, y, items }: TrainingExamples): TrainingRows => ({
  rowCount: y.shape[0] ?? 0,
  isRaw: items !== null,
  read: (start, end) =>
    Promise.resolve({ x: rowsOf(x, start, end), y: rows(y, start, end), ids: undefined }),
})

/**
 * Reads what is given as arrays at once, and what is given as a source when it is needed; all of it is held to what the
 * model and the loss take.
 *
 * @throws InvalidArgumentError or NonFiniteError, here for arrays, and for sources when they are read
 */
export async function readTrainingRows<Value, Item>(
  given: GivenTrainingRows<Item>,
  call: ModelCall<Value>,
  loss: Loss<Value>,
  settings: SimilaritySettings,
): Promise<TrainingRows> {
  const { predictor, signal } = call
  const inputs = async (argument: string, some: Inputs<Item>): Promise<readonly NdArray[]> => {
    const { items, arrays } = await readInputs(argument, some, predictor.inputs, predictor)
    if (items !== null) refuseKeeping(settings)
    return arrays(call, settings.batchSize)
  }
  const labels = (argument: string, some: ArrayInput, rowCount: number): Promise<NdArray> =>
    readLabels(argument, some, rowCount, loss, predictor.output)

  // All arrays are read before the first await ends, so that what the page does to them later changes nothing.
  const { x } = given
  const [held, y, ids] = await Promise.all([
    isRowSource(x) ? null : inputs('xTrain', x),
    isRowSource(given.y) ? given.y : toNdArray('yTrain', given.y),
    given.ids === undefined || isRowSource(given.ids) ? given.ids : toNdArray('ids', given.ids),
  ])
  const rowCount = isRowSource(x) ? checkRowSource('xTrain', x) : null
  const count = rowCount ?? held?.[0]?.shape[0] ?? 0
  const column = async (
    argument: string,
    some: ArrayInput | RowSource<ArrayInput>,
    check: (name: string, part: ArrayInput, partCount: number) => Promise<NdArray>,
  ): Promise<(start: number, end: number) => Promise<NdArray>> => {
    if (!isRowSource(some)) {
      const whole = await check(argument, some, count)
      return (start, end) => Promise.resolve(rows(whole, start, end))
    }
    const own = checkRowSource(argument, some)
    if (own !== count) {
      throw new InvalidArgumentError(
        argument,
        `${String(own)} rows for ${String(count)} examples`,
        'one row per example',
      )
    }
    return async (start, end) => {
      const part = await some.read(start, end, { signal })
      call.check()
      return check(nameOf(argument, start, end), part, end - start)
    }
  }
  const readY = await column('yTrain', y, labels)
  const readIds = ids === undefined ? undefined : await column('ids', ids, integers)
  const readX = async (start: number, end: number): Promise<readonly NdArray[]> => {
    if (!isRowSource(x)) return rowsOf(held!, start, end)
    const name = nameOf('xTrain', start, end)
    const part = await x.read(start, end, { signal })
    call.check()
    const arrays = await inputs(name, part)
    const got = arrays[0]?.shape[0] ?? 0
    if (got === end - start) return arrays
    throw new InvalidArgumentError(
      name,
      `${String(got)} examples`,
      `${String(end - start)}: those from start to end − 1`,
    )
  }
  return {
    rowCount: count,
    // Of a source it is not known before it is read; a store that is to keep its items is refused then.
    isRaw: predictor.preprocess !== undefined && !isArray(x),
    read: async (start, end) => ({
      x: await readX(start, end),
      y: await readY(start, end),
      ids: await readIds?.(start, end),
    }),
  }
}

const nameOf = (argument: string, start: number, end: number): string =>
  `${argument}, rows ${String(start)} to ${String(end - 1)}`

/** Ids as int32. */
async function integers(argument: string, given: ArrayInput, rowCount: number): Promise<NdArray> {
  const { data, shape } = await toNdArray(argument, given)
  if (data.length !== rowCount || shape[0] !== rowCount) {
    throw new InvalidArgumentError(
      argument,
      `shape [${shape.join(', ')}]`,
      `shape [${String(rowCount)}], one id per example`,
    )
  }
  const at = data.findIndex((id) => id !== (id | 0))
  if (at < 0) return { data: Int32Array.from(data), shape: [rowCount] }
  throw new InvalidArgumentError(
    argument,
    `${describe(data[at])} at [${String(at)}]`,
    'integers of 32 bits',
  )
}
