import { type ArrayLike as ArrayInput, GradientSimilarity, type ExampleSource } from 'gradlens'
import { InfluenceFunctions, type InfluenceOptions } from 'gradlens/influence'
import { FileSystemStore } from 'gradlens/node'
import { getInteger, getChoice, getOption, requireOption, getRowRange } from '../arguments.js'
import type { ArraySource } from '../arrays/array-source.js'
import { type Command, type CommandOption, type GivenArguments, UsageError } from '../command.js'
import { getLoss, lossOptions } from '../get-loss.js'
import { openPredictor } from '../open-predictor.js'
import { openArray } from '../arrays/open-array.js'
import { ProgressLine, formatDuration } from '../progress-line.js'

const devices = ['auto', 'webgpu', 'native', 'wasm', 'cpu'] as const

const options: Readonly<Record<string, CommandOption>> = {
  model: {
    type: 'string',
    value: 'FILE',
    help: 'an .onnx file, or the model.json of a TensorFlow.js LayersModel or GraphModel, with its weights in the same folder',
  },
  examples: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    help: 'the training examples: a .npy file or the folder of a Zarr array; one per input of the model, in their order. Rows are read in parts, not all at once',
  },
  labels: {
    type: 'string',
    value: 'FILE',
    help: 'their labels, as the loss expects them: one-hot vectors, class indices or values',
  },
  ...lossOptions,
  out: {
    type: 'string',
    value: 'STORE',
    help: 'the folder of the store; resumes an unfinished store of the same command',
  },
  rows: {
    type: 'string',
    value: 'START:END',
    help: 'write only these rows, without row END, while other processes or machines write others; then run gradlens merge. START and END must be borders of chunks',
  },
  ids: {
    type: 'string',
    value: 'FILE',
    help: 'an integer per example, which explanations return; default: its row',
  },
  'store-examples': { type: 'boolean', help: 'store the examples too' },
  'example-url': {
    type: 'string',
    value: 'URL',
    help: "the URL of an example, with '{id}' in place of its id: https://…/{id}.png",
  },
  dtype: {
    type: 'string',
    value: 'f32|f16',
    help: 'f32 (default) is exact; f16 needs half the space and keeps eleven bits of precision',
  },
  projection: {
    type: 'string',
    value: 'SIZE',
    help: 'keep at most SIZE numbers per gradient, by a random projection; 4096, for example',
  },
  'projection-seed': { type: 'string', value: 'N', help: 'the seed of the projection; default: 0' },
  'batch-size': {
    type: 'string',
    value: 'N',
    help: 'examples per pass; default: 32. Use the same for all ranges of a store',
  },
  'rows-per-chunk': {
    type: 'string',
    value: 'N',
    help: 'rows per file; default: as many as fit in 16 MiB',
  },
  curvature: {
    type: 'string',
    value: 'NAME',
    help: 'also estimate the curvature of the training loss, for influence functions: ekfac, kfac or diagonal. Not with --rows: run the same command without it after gradlens merge',
  },
  fisher: {
    type: 'string',
    value: 'true|empirical',
    help: 'true (default) draws the labels for the curvature from the model; empirical takes those of the examples',
  },
  'curvature-seed': {
    type: 'string',
    value: 'N',
    help: 'the seed of the labels that are drawn for the curvature; default: 0',
  },
  output: { type: 'string', value: 'NAME', help: 'the output to use, if the model has several' },
  device: {
    type: 'string',
    value: 'NAME',
    help: `${devices.join(', ')}. auto (default) uses native for .onnx files; else webgpu if the package webgpu is installed and finds a GPU, else wasm`,
  },
}

export const precomputeCommand: Command = {
  name: 'precompute',
  summary:
    'Computes the gradients of a training set and writes them to a store, from which any page can explain predictions. If it is interrupted, run the same command again: it continues after the last complete chunk.',
  usage: '--model FILE --examples FILE … --labels FILE --loss NAME --out STORE [options]',
  options,
  resume: 'Written chunks are kept: run the same command to continue.',
  async run(given, { signal, print, note, terminal }) {
    const modelPlace = requireOption(given, 'model', 'DIR/model.json')
    requireOption(given, 'examples', 'x.npy')
    const labelPlace = requireOption(given, 'labels', 'y.npy')
    const loss = getLoss(given)
    const out = requireOption(given, 'out', 'store.zarr')
    const storage = getStorageOptions(given)
    const curvature = getCurvatureOptions(given)
    const output = getOption(given, 'output')
    const idPlace = getOption(given, 'ids')
    const opened: ArraySource[] = []
    const open = async (option: string, place: string): Promise<ArraySource> => {
      const source = await openArray(option, place)
      opened.push(source)
      return source
    }
    const line = new ProgressLine(terminal)
    try {
      const inputs: ArraySource[] = []
      for (const place of given.values['examples']!) inputs.push(await open('examples', place))
      const labels = await open('labels', labelPlace)
      const ids = idPlace === undefined ? undefined : await open('ids', idPlace)
      const examples = combineInputs(inputs)
      const { exampleCount } = examples
      const rows = getRowRange(given, 'rows', exampleCount)
      const {
        predictor,
        device,
        note: where,
      } = await openPredictor(modelPlace, output, getChoice(given, 'device', devices) ?? 'auto')
      const { start, end } = rows ?? { start: 0, end: exampleCount }
      note(`Writing rows ${start} to ${end - 1} of ${exampleCount} to ${out}, ${where}.`)
      const startedAt = performance.now()
      line.show('Computing', 0, end - start)
      const kept = { ...storage, precomputeGrads: true, store: new FileSystemStore(out), device }
      using explainer =
        curvature === undefined
          ? new GradientSimilarity(predictor, loss, kept)
          : new InfluenceFunctions(predictor, loss, { ...kept, ...curvature })
      await explainer.precompute(examples, labels, {
        rows,
        ids,
        signal,
        onProgress: ({ phase, done, total }) => {
          line.show(phase === 'curvature' ? 'Estimating the curvature' : 'Computing', done, total)
        },
      })
      line.close()
      const seconds = (performance.now() - startedAt) / 1000
      print(
        rows === undefined
          ? `${out}: ${exampleCount} rows${describeCurvature(curvature)}, in ${formatDuration(seconds)}.`
          : `${out}: rows ${start} to ${end - 1}, in ${formatDuration(seconds)}. When all ranges are written, run gradlens merge ${out}`,
      )
      return 0
    } finally {
      line.close()
      for (const source of opened) await source.close()
    }
  },
}

const curvatureNames = ['ekfac', 'kfac', 'diagonal'] as const

type CurvatureChoice = Pick<InfluenceOptions, 'curvature' | 'fisher' | 'seed'>

/** Undefined if no curvature is asked for. */
function getCurvatureOptions(given: GivenArguments): CurvatureChoice | undefined {
  const curvature = getChoice(given, 'curvature', curvatureNames)
  const fisher = getChoice(given, 'fisher', ['true', 'empirical'])
  const seed = getInteger(given, 'curvature-seed', 0)
  if (curvature === undefined) {
    if (fisher === undefined && seed === undefined) return undefined
    const option = fisher === undefined ? '--curvature-seed' : '--fisher'
    throw new UsageError(`${option}: got no --curvature; expected ekfac, kfac or diagonal with it.`)
  }
  if (getOption(given, 'rows') !== undefined) {
    throw new UsageError(
      '--curvature: got --rows too; expected only one of them. Merge the ranges with gradlens merge, and then run this ' +
        'command without --rows: it computes only the curvature.',
    )
  }
  return { curvature, ...(fisher && { fisher }), ...(seed === undefined ? {} : { seed }) }
}

const describeCurvature = (chosen: CurvatureChoice | undefined): string =>
  chosen === undefined ? '' : ` and the curvature '${chosen.curvature!}'`

function getStorageOptions(given: GivenArguments): object {
  const dtype = getChoice(given, 'dtype', ['f32', 'f16'])
  const url = getOption(given, 'example-url')
  const isStored = given.values['store-examples'] !== undefined
  if (url !== undefined && isStored) {
    throw new UsageError('--example-url: got --store-examples too; expected only one of them.')
  }
  const batchSize = getInteger(given, 'batch-size', 1)
  const rowsPerChunk = getInteger(given, 'rows-per-chunk', 1)
  const size = getInteger(given, 'projection', 1)
  const seed = getInteger(given, 'projection-seed', 0)
  if (seed !== undefined && size === undefined) {
    throw new UsageError('--projection-seed: got no --projection; expected both or neither.')
  }
  return {
    storeDtype: dtype === 'f16' ? 'float16' : 'float32',
    storeExamples: url ?? isStored,
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(rowsPerChunk === undefined ? {} : { storeRowsPerChunk: rowsPerChunk }),
    ...(size === undefined
      ? {}
      : { projection: { size, ...(seed === undefined ? {} : { seed }) } }),
  }
}

/** Combines the inputs of a model into one source, of arrays or lists of arrays. */
function combineInputs(
  inputs: readonly ArraySource[],
): ExampleSource<ArrayInput | readonly ArrayInput[]> {
  const [first, ...others] = inputs
  const { exampleCount } = first!
  const other = others.find((input) => input.exampleCount !== exampleCount)
  if (other !== undefined) {
    throw new UsageError(
      `--examples: got arrays of ${exampleCount} and ${other.exampleCount} rows; expected the same number in each.`,
    )
  }
  return {
    exampleCount,
    read: (start, end, how) =>
      others.length === 0
        ? first!.read(start, end, how)
        : Promise.all(inputs.map(async (input) => input.read(start, end, how))),
  }
}
