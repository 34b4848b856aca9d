import { InvalidArgumentError } from '../../errors.js'
import { type ArrayInput, toNdArray } from '../../array-input.js'
import { type NdArray, rows } from '../../ndarray.js'
import { describe } from '../../options.js'
import {
  copyLabels,
  type LabelInput,
  type Labels,
  labelsOf,
  requireLabels,
} from '../../losses/labels.js'
import type { ReadLoss } from '../../losses/loss.js'
import { type Inputs, readInputs, rowsOf } from '../reading/inputs.js'
import { readLabels } from '../reading/labels.js'
import type { ModelCall } from '../session/model-session.js'
import {
  checkExampleSource,
  isExampleSource,
  type ExampleSource,
} from '../reading/example-source.js'
import { refuseStoringItems, type SimilaritySettings } from './similarity-options.js'
import type { TrainingExamples } from './training-set.js'

/** Training examples with their labels and, if they have any, their ids: an array of as many rows each. */
export interface TrainingBatch {
  readonly x: readonly NdArray[]
  readonly y: Labels
  readonly ids: NdArray | undefined
}

/** All training examples, to be read some at a time. */
export interface TrainingRows {
  readonly exampleCount: number
  /** True if they are given as raw items, which no store keeps. */
  readonly isRaw: boolean
  /** Those from `start` to `end` − 1, checked. */
  read(start: number, end: number): Promise<TrainingBatch>
}

/** Training examples that are read when they are needed. */
export interface TrainingSources<Item> {
  readonly x: ExampleSource<Inputs<Item>>
  readonly y: LabelInput | ExampleSource<LabelInput>
}

/**
 * Reads rows of the given examples, and checks them against the model and the loss.
 *
 * @throws InvalidArgumentError or NonFiniteError, here or when a source is read
 */
export async function openTrainingRows<Value, Item>(
  given: TrainingExamples | TrainingSources<Item>,
  ids: NdArray | ExampleSource<ArrayInput> | undefined,
  call: ModelCall<Value>,
  loss: ReadLoss<Value>,
  settings: SimilaritySettings,
): Promise<TrainingRows> {
  const { predictor, signal } = call
  const exampleCount =
    'items' in given ? (given.y.shape[0] ?? 0) : checkExampleSource('xTrain', given.x)
  const openColumn = async <Part, Read>(
    argument: string,
    column: Part | ExampleSource<Part>,
    check: (name: string, part: Part, partCount: number) => Promise<Read>,
    cut: (whole: Read, start: number, end: number) => Read,
  ): Promise<(start: number, end: number) => Promise<Read>> => {
    if (!isExampleSource<Part>(column)) {
      const whole = await check(argument, column, exampleCount)
      return (start, end) => Promise.resolve(cut(whole, start, end))
    }
    const own = checkExampleSource(argument, column)
    if (own !== exampleCount) {
      throw new InvalidArgumentError(
        argument,
        `${own} rows for ${exampleCount} examples`,
        'one row per example',
      )
    }
    return async (start, end) => {
      const part = await column.read(start, end, { signal })
      call.check()
      return check(nameRange(argument, start, end), part, end - start)
    }
  }
  const readIds =
    ids === undefined
      ? undefined
      : await openColumn<ArrayInput, NdArray>('ids', ids, readIdArray, rows)
  if ('items' in given) {
    const { x, y, items } = given
    return {
      exampleCount,
      isRaw: items !== null,
      read: async (start, end) => ({
        x: rowsOf(x, start, end),
        y: labelsOf(y, start, end),
        ids: await readIds?.(start, end),
      }),
    }
  }
  const { x, y } = given
  const readX = async (start: number, end: number): Promise<readonly NdArray[]> => {
    const name = nameRange('xTrain', start, end)
    const some = await x.read(start, end, { signal })
    call.check()
    const read = await readInputs(name, some, predictor.inputs, predictor)
    if (read.items !== null) refuseStoringItems(settings)
    if (read.exampleCount === end - start) return read.arrays(call, settings.batchSize.most)
    throw new InvalidArgumentError(
      name,
      `${read.exampleCount} examples`,
      `${end - start}: those from start to end − 1`,
    )
  }
  const readY = await openColumn<LabelInput, Labels>(
    'yTrain',
    y,
    async (name, part, partCount) => {
      const given = requireLabels(name, await copyLabels(name, part))
      return readLabels(name, given, partCount, loss, predictor.output)
    },
    labelsOf,
  )
  return {
    exampleCount,
    // It is not known before it is read; a store that is to keep raw items is refused then.
    isRaw: predictor.preprocess !== undefined,
    read: async (start, end) => ({
      x: await readX(start, end),
      y: await readY(start, end),
      ids: await readIds?.(start, end),
    }),
  }
}

const nameRange = (argument: string, start: number, end: number): string =>
  `${argument} (rows ${start} to ${end - 1})`

/** Ids as int32. */
async function readIdArray(
  argument: string,
  given: ArrayInput,
  exampleCount: number,
): Promise<NdArray> {
  const { data, shape } = await toNdArray(argument, given)
  if (data.length !== exampleCount || shape[0] !== exampleCount) {
    throw new InvalidArgumentError(
      argument,
      `shape [${shape.join(', ')}]`,
      `shape [${exampleCount}], one id per example`,
    )
  }
  const at = data.findIndex((id) => id !== (id | 0))
  if (at < 0) return { data: Int32Array.from(data), shape: [exampleCount] }
  throw new InvalidArgumentError(
    argument,
    `${describe(data[at])} at [${at}]`,
    'integers of 32 bits',
  )
}
