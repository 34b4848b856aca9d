import { InvalidArgumentError } from '../../errors.js'
import { concatenateRows, type NdArray } from '../../ndarray.js'
import { countExamples, rowsOf } from '../reading/inputs.js'
import { predictedLabels, readLabels } from '../reading/labels.js'
import { runInBatches } from '../session/batches.js'
import type { SimilaritySettings } from './similarity-options.js'
import type { GradientContext } from './training-set.js'

/**
 * Returns the labels of the examples to be explained: `y`, or for classification the predicted classes.
 *
 * @param labelShape the shape of one training label
 * @throws InvalidArgumentError if `y` does not fit, or is missing for regression
 */
export async function readQuestionLabels<Value>(
  { call, loss, batchSize }: Pick<GradientContext<Value>, 'call' | 'loss' | 'batchSize'>,
  x: readonly NdArray[],
  y: NdArray | undefined,
  task: SimilaritySettings['task'],
  labelShape: readonly number[],
): Promise<NdArray> {
  const exampleCount = countExamples(x)
  if (y !== undefined) {
    return readLabels('y', y, exampleCount, loss, call.predictor.output, labelShape)
  }
  if (task === 'regression') {
    throw new InvalidArgumentError('y', 'none', "the values of the examples: task is 'regression'")
  }
  const parts: NdArray[] = []
  const predict = (start: number, end: number): Promise<NdArray> =>
    call.run((session) => session.predict(rowsOf(x, start, end), {}))
  for await (const { result } of runInBatches(exampleCount, batchSize, predict, {
    concurrency: await call.concurrency(),
  }))
    parts.push(result)
  return predictedLabels(concatenateRows(parts), loss, labelShape)
}
