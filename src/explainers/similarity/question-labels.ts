import { InvalidArgumentError } from '../../errors.js'
import { type GivenLabels, type Labels, requireLabels } from '../../losses/labels.js'
import { concatenateRows, type NdArray } from '../../ndarray.js'
import { countExamples, rowsOf } from '../reading/inputs.js'
import { predictedLabels, readLabels, weighted } from '../reading/labels.js'
import { runInBatches } from '../session/batches.js'
import type { SimilaritySettings } from './similarity-options.js'
import type { GradientContext } from './training-set.js'

/**
 * Returns the labels of the examples to be explained: those given, or for classification the predicted classes.
 *
 * @param labelShape the shape of one training label
 * @throws InvalidArgumentError if labels don't fit, or are missing for regression
 */
export async function readQuestionLabels<Value>(
  { call, loss, batchSize }: Pick<GradientContext<Value>, 'call' | 'loss' | 'batchSize'>,
  x: readonly NdArray[],
  given: GivenLabels,
  task: SimilaritySettings['task'],
  labelShape: readonly number[],
): Promise<Labels> {
  const exampleCount = countExamples(x)
  if (given.labels !== undefined) {
    const y = requireLabels('y', given)
    return readLabels('y', y, exampleCount, loss, call.predictor.output, labelShape)
  }
  if (task === 'regression') {
    throw new InvalidArgumentError('y', 'none', "the values of the examples: task is 'regression'")
  }
  const size = await batchSize.resolve(call, () => ({ x }))
  const parts: NdArray[] = []
  const predict = (start: number, end: number): Promise<NdArray> =>
    call.run((session) => session.predict(rowsOf(x, start, end), {}))
  for await (const { result } of runInBatches(exampleCount, size, predict, {
    concurrency: await call.concurrency(),
  }))
    parts.push(result)
  const labels = predictedLabels(concatenateRows(parts), loss, labelShape)
  return weighted('y', labels, loss, given)
}
