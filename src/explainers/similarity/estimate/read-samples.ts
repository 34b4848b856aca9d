import { InvalidArgumentError } from '../../../errors.js'
import {
  copyLabels,
  type LabelInput,
  type Labels,
  labelsOf,
  noLabels,
  requireLabels,
} from '../../../losses/labels.js'
import { labelForm } from '../../../losses/names.js'
import type { NdArray } from '../../../ndarray.js'
import {
  checkExampleSource,
  type ExampleSource,
  isExampleSource,
} from '../../reading/example-source.js'
import { countExamples, type Inputs, readInputs, rowsOf } from '../../reading/inputs.js'
import { readLabels } from '../../reading/labels.js'
import { readQuestionLabels } from '../question-labels.js'
import type { SimilaritySettings } from '../similarity-options.js'
import type { GradientContext } from '../training-set.js'

/** The first of the training examples. */
export interface Samples {
  readonly x: readonly NdArray[]
  readonly y: Labels
  /** The number of all training examples. */
  readonly exampleCount: number
  /** True if the examples are raw items, which no store contains. */
  readonly isRaw: boolean
}

/**
 * Reads the first training examples, at most `most` of them.
 *
 * @param yTrain predicted labels if it is undefined
 * @throws InvalidArgumentError or NonFiniteError as `fit`
 */
export async function readSamples<Value, Item>(
  xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
  yTrain: LabelInput | ExampleSource<LabelInput> | undefined,
  context: GradientContext<Value>,
  { task }: SimilaritySettings,
  most: number,
): Promise<Samples> {
  const { call, loss } = context
  const { predictor, signal } = call
  const { inputs, output } = predictor
  const given =
    yTrain === undefined || isExampleSource(yTrain) ? yTrain : await copyLabels('yTrain', yTrain)
  let exampleCount: number
  let first: Inputs<Item>
  if (isExampleSource(xTrain)) {
    exampleCount = checkExampleSource('xTrain', xTrain)
    first = await xTrain.read(0, Math.min(most, exampleCount), { signal })
  } else {
    // Raw items are counted before any of them is preprocessed.
    const read = await readInputs('xTrain', xTrain, inputs, predictor)
    exampleCount = read.exampleCount
    first = read.items === null ? xTrain : (read.items.slice(0, most) as Inputs<Item>)
  }
  call.check()
  const read = await readInputs('xTrain', first, inputs, predictor)
  const arrays = await read.arrays(call, context.batchSize.most)
  const count = Math.min(most, exampleCount)
  const x = rowsOf(arrays, 0, Math.min(count, countExamples(arrays)))
  const isRaw = read.items !== null
  if (given === undefined) {
    const shape = predictedLabelShape(context)
    const y = await readQuestionLabels(context, x, noLabels, task, shape)
    return { x, y, exampleCount, isRaw }
  }
  const [labels, labelCount] = isExampleSource<LabelInput>(given)
    ? [await copyLabels('yTrain', await given.read(0, count, { signal })), count]
    : [given, exampleCount]
  call.check()
  const whole = readLabels('yTrain', requireLabels('yTrain', labels), labelCount, loss, output)
  return { x, y: labelsOf(whole, 0, count), exampleCount, isRaw }
}

/** @throws InvalidArgumentError if the form of the labels is not known */
function predictedLabelShape<Value>({ call, loss }: GradientContext<Value>): number[] {
  const { shape } = call.predictor.output
  const own = typeof loss === 'function' ? [null] : shape
  const known = own.filter((length) => length !== null)
  if (typeof loss === 'function' || known.length < own.length) {
    throw new InvalidArgumentError(
      'yTrain',
      'none',
      'labels, as in fit: their form follows neither from the loss nor from the output',
    )
  }
  return labelForm(loss.name) === 'class' ? known.slice(0, -1) : known
}
