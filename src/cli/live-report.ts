import type { NdArray } from 'gradlens'
import type { LiveOptions } from 'gradlens/report'
import { getChoice, getInteger, getOption, requireOption } from './arguments.js'
import { InputError } from './arrays/array-source.js'
import { openArray } from './arrays/open-array.js'
import { type CommandOption, type GivenArguments, UsageError } from './command.js'
import { importTfjs } from './device.js'
import { getLoss, lossOptions } from './get-loss.js'
import { loadModel } from './load-model.js'
import { createExternalData, readOnnxFile } from './onnx-files.js'

/** The options of `gradlens report` that put a model into the page. */
export const liveReportOptions: Readonly<Record<string, CommandOption>> = {
  live: { type: 'boolean', help: 'put the model into the page, which explains it there' },
  model: {
    type: 'string',
    value: 'FILE',
    help: 'an .onnx file, or the model.json of a TensorFlow.js LayersModel or GraphModel; with its weights in the same folder',
  },
  x: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    help: 'the examples to explain: a .npy file or the folder of a Zarr array; one per input of the model',
  },
  'x-train': {
    type: 'string',
    value: 'FILE',
    multiple: true,
    help: 'the training examples, in the same form. The page ranks them by their similarity',
  },
  'y-train': { type: 'string', value: 'FILE', help: 'their labels, as the loss expects them' },
  ...lossOptions,
  'sim-fn': {
    type: 'string',
    value: 'NAME',
    help: 'how gradients are compared: grad_dot (default), grad_cos or grad_asym_dot',
  },
  'top-k': {
    type: 'string',
    value: 'N',
    help: 'how many of the most and least similar examples are shown (default: 5)',
  },
  attribution: {
    type: 'string',
    value: 'NAME',
    help: 'how predictions are attributed: integratedGradients (default), gradient or none',
  },
  layer: {
    type: 'string',
    value: 'NAME',
    help: 'the layer to attribute to, such as an embedding (default: the inputs)',
  },
  output: { type: 'string', value: 'NAME', help: 'the output to explain, of a model of several' },
  kind: {
    type: 'string',
    value: 'NAME',
    help: 'what the examples are: image, text or tabular (default: image from three axes on, else tabular)',
  },
}

/**
 * Reads the model and the examples of a live report.
 *
 * @returns undefined without --live
 * @throws UsageError if an option is missing; InputError if a file isn't what it should be
 */
export async function readLiveReport(
  given: GivenArguments,
  side: Readonly<Record<string, unknown>>,
): Promise<LiveOptions | undefined> {
  if (given.values['live'] === undefined) {
    const [stray] = Object.keys(liveReportOptions).filter((name) => given.values[name])
    if (stray === undefined) return undefined
    throw new UsageError(`--${stray}: got no --live; expected both or neither.`)
  }
  const place = requireOption(given, 'model', 'DIR/model.json')
  requireOption(given, 'x', 'x.npy')
  const isTraining = ['x-train', 'y-train', 'loss'].some((name) => given.values[name])
  const kind = getChoice(given, 'kind', ['image', 'text', 'tabular'])
  return {
    ...(await readModel(place)),
    x: await readAll('x', given.values['x']!),
    ...(isTraining ? await readTraining(given) : {}),
    simFn: getChoice(given, 'sim-fn', ['grad_dot', 'grad_cos', 'grad_asym_dot']),
    topK: getInteger(given, 'top-k', 1),
    attribution: getChoice(given, 'attribution', ['integratedGradients', 'gradient', 'none']),
    layer: getOption(given, 'layer'),
    output: getOption(given, 'output'),
    side: kind === undefined ? side : { ...side, kind },
  }
}

async function readModel(place: string): Promise<Pick<LiveOptions, 'model' | 'externalData'>> {
  if (place.toLowerCase().endsWith('.onnx')) {
    return { model: await readOnnxFile(place), externalData: createExternalData(place) }
  }
  const tf = await importTfjs()
  tf.enableProdMode()
  return { model: (await loadModel(tf, place)).model }
}

async function readTraining(
  given: GivenArguments,
): Promise<Pick<LiveOptions, 'xTrain' | 'yTrain' | 'loss'>> {
  requireOption(given, 'x-train', 'x-train.npy')
  const [yTrain] = await readAll('y-train', [requireOption(given, 'y-train', 'y-train.npy')])
  return {
    xTrain: await readAll('x-train', given.values['x-train']!),
    yTrain,
    loss: getLoss(given),
  }
}

async function readAll(option: string, places: readonly string[]): Promise<NdArray[]> {
  return Promise.all(
    places.map(async (place) => {
      const source = await openArray(option, place)
      try {
        if (source.exampleCount === 0) throw new InputError(`${place}: it has no rows.`)
        return await source.read(0, source.exampleCount, {})
      } finally {
        await source.close()
      }
    }),
  )
}
