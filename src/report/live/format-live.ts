import { type ArrayInput, isArrayObject, toNdArray } from '../../array-input.js'
import { similarityNames } from '../../compute/similarity.js'
import { escapeMarkup } from '../../elements/text/escape-markup.js'
import { InvalidArgumentError } from '../../errors.js'
import type { FrameDtype } from '../../frame/array-formats.js'
import { encodeFrame } from '../../frame/encode-frame.js'
import { explainFailedImport } from '../../failed-import.js'
import {
  type LiveAttribution,
  type LiveParams,
  liveType,
  type ModelDescription,
  type OnnxDescription,
} from '../../live/live-files.js'
import { type NamedLoss, readLoss } from '../../losses/loss.js'
import type { NdArray } from '../../ndarray.js'
import { assertKnownKeys, describe, readChoice, readPositiveInteger } from '../../options.js'
import { toBase64 } from '../base64.js'
import { liveOptionNames, type LiveInputs, type LiveOptions } from './live-options.js'
import { saveModel } from './save-model.js'

const attributions: readonly LiveAttribution[] = ['integratedGradients', 'gradient', 'none']

/**
 * The section of a page that contains a model: a sentence, what is shown where the model can't run,
 * and a compressed frame.
 *
 * @param still the explanation that is shown until the model runs; '' without one
 * @param dtype the format of the examples
 * @throws InvalidArgumentError if the options are not those of a model and its examples
 */
export async function formatLive(
  options: LiveOptions,
  still: string,
  dtype: FrameDtype = 'float32',
): Promise<string> {
  const frame = await packLive(options, dtype)
  const title = options.title ?? 'Ask the model'
  return `<section>
<h2>${escapeMarkup(title)}</h2>
<p class="note">Where scripts may run, this page contains the model and explains its predictions.</p>
${still === '' ? '' : `${still}\n`}<script type="${liveType}">${toBase64(await compress(frame))}</script>
</section>`
}

async function packLive(options: LiveOptions, dtype: FrameDtype): Promise<Uint8Array<ArrayBuffer>> {
  assertKnownKeys('live', options, liveOptionNames)
  const examples = await readExamples('live.x', options.x)
  const { description, weights } = await packModel(options, examples)
  const { attribution = 'integratedGradients', layer, output, precomputeGrads = true } = options
  const { simFn = 'grad_dot', topK = 5, side = {} } = options
  const params: LiveParams = {
    model: JSON.stringify(description),
    output: output ?? null,
    loss: readTrainingLoss(options),
    simFn: readChoice('live.simFn', simFn, similarityNames),
    topK: readPositiveInteger('live.topK', topK),
    precomputeGrads,
    attribution: readChoice('live.attribution', attribution, attributions),
    layer: layer ?? null,
  }
  const data = {
    examples,
    ...(await readTraining(options)),
    weights: { data: weights, shape: [weights.length] },
  }
  return encodeFrame({ meta: { name: 'Live', params }, data }, side, { dtype })
}

async function packModel(
  { model, externalData, output, layer }: LiveOptions,
  examples: readonly NdArray[],
): Promise<{
  readonly description: ModelDescription | OnnxDescription
  readonly weights: Uint8Array
}> {
  const isFile =
    typeof model === 'string' ||
    model instanceof URL ||
    model instanceof Uint8Array ||
    model instanceof ArrayBuffer
  if (!isFile) return saveModel(model)
  const { packOnnx } = await import('./pack-onnx.js').catch(explainFailedImport)
  return packOnnx(model, { externalData, examples, output, layer })
}

/** A named loss: a function can't be put into a page. Null without training examples. */
function readTrainingLoss({ loss, xTrain }: LiveOptions): NamedLoss | null {
  if (loss === undefined) {
    if (xTrain === undefined) return null
    throw new InvalidArgumentError(
      'live.loss',
      describe(loss),
      "the name of a loss, such as 'categoricalCrossentropy', for the training examples",
    )
  }
  const read = readLoss(loss)
  if (typeof read !== 'function') return { name: read.name, ...read.given }
  throw new InvalidArgumentError(
    'live.loss',
    describe(loss),
    'the name of a loss, or a name with its options: a function of yours is not in the page',
  )
}

async function readTraining({
  xTrain,
  yTrain,
}: LiveOptions): Promise<{ trainExamples: NdArray[] | null; trainLabels: NdArray | null }> {
  if (xTrain === undefined && yTrain === undefined) {
    return { trainExamples: null, trainLabels: null }
  }
  if (xTrain === undefined || yTrain === undefined) {
    const missing = xTrain === undefined ? 'live.xTrain' : 'live.yTrain'
    throw new InvalidArgumentError(missing, describe(undefined), 'both xTrain and yTrain, or none')
  }
  const trainExamples = await readExamples('live.xTrain', xTrain)
  const trainLabels = await toNdArray('live.yTrain', yTrain)
  const count = trainExamples[0]!.shape[0]!
  if (trainLabels.shape[0] !== count) {
    const got = `${trainLabels.shape[0] ?? 'no'} labels`
    throw new InvalidArgumentError('live.yTrain', got, `${count}, one for each example of xTrain`)
  }
  return { trainExamples, trainLabels }
}

async function readExamples(argument: string, given: LiveInputs): Promise<NdArray[]> {
  const isList = Array.isArray(given) && isArrayObject(given[0])
  const list = isList ? (given as readonly ArrayInput[]) : [given as ArrayInput]
  const arrays = await Promise.all(
    list.map((array, i) => toNdArray(isList ? `${argument}[${i}]` : argument, array)),
  )
  const counts = new Set(arrays.map(({ shape }) => shape[0] ?? 0))
  if (counts.size === 1 && !counts.has(0)) return arrays
  throw new InvalidArgumentError(
    argument,
    arrays.map(({ shape }) => `[${shape.join(', ')}]`).join(' and '),
    'at least one example, and as many for each input',
  )
}

async function compress(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
