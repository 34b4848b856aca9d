import {
  type ArrayLike as ArrayInput,
  GradientSimilarity,
  type LossName,
  lossNames,
  type ExampleSource,
} from 'gradlens'
import { FileSystemStore } from 'gradlens/node'
import { integer, readChoice, optional, required, rowRange } from '../arguments.js'
import type { ArraySource } from '../arrays/array-source.js'
import { type Command, type CommandOption, type GivenArguments, UsageError } from '../command.js'
import { chooseDevice, importTfjs } from '../device.js'
import { loadModel } from '../load-model.js'
import { openArray } from '../arrays/open-array.js'
import { ProgressLine, duration } from '../progress-line.js'

const devices = ['auto', 'webgpu', 'wasm', 'cpu'] as const

const options: Readonly<Record<string, CommandOption>> = {
  model: {
    type: 'string',
    value: 'FILE',
    help: 'the model.json of a LayersModel or a GraphModel of TensorFlow.js, its weights beside it',
  },
  examples: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    help: 'the training examples, a .npy file or the folder of a Zarr array; for a model of several inputs one for each, in their order. They are read some rows at a time',
  },
  labels: {
    type: 'string',
    value: 'FILE',
    help: 'their labels, in the form that the loss takes: one-hot rows, class indices, values',
  },
  loss: { type: 'string', value: 'NAME', help: lossNames.join(', ') },
  out: {
    type: 'string',
    value: 'STORE',
    help: 'the folder of the store; one that was begun by the same command is gone on with',
  },
  rows: {
    type: 'string',
    value: 'START:END',
    help: 'write these rows alone, END not included, beside other processes or on another machine; gradlens merge makes one store of all. They begin and end between chunks',
  },
  ids: {
    type: 'string',
    value: 'FILE',
    help: 'an integer for each example, by which explanations name it; its row if left out',
  },
  'store-examples': { type: 'boolean', help: 'keep the examples in the store too' },
  'example-url': {
    type: 'string',
    value: 'URL',
    help: "where the examples are, '{id}' standing for the id: https://…/{id}.png",
  },
  dtype: {
    type: 'string',
    value: 'f32|f16',
    help: 'f32 is exact, and the default; f16 takes half the room and keeps eleven bits',
  },
  projection: {
    type: 'string',
    value: 'SIZE',
    help: 'keep no more than so many numbers of each gradient, by a random projection: 4096, say',
  },
  'projection-seed': { type: 'string', value: 'N', help: 'another projection for another seed; 0' },
  'batch-size': {
    type: 'string',
    value: 'N',
    help: 'examples in one pass; 32. Use the same for all ranges of a store',
  },
  'rows-per-chunk': {
    type: 'string',
    value: 'N',
    help: 'rows that are written at once; as many as 16 MiB hold',
  },
  output: { type: 'string', value: 'NAME', help: 'which output of a model that has several' },
  device: {
    type: 'string',
    value: 'NAME',
    help: `${devices.join(', ')}. auto, the default, takes webgpu if the package webgpu is installed and finds a GPU, else wasm`,
  },
}

export const precomputeCommand: Command = {
  name: 'precompute',
  summary:
    'Computes the gradients of a training set and writes them into a store, from which any page explains. Whatever stops it, the same command goes on from the last whole chunk.',
  usage: '--model FILE --examples FILE … --labels FILE --loss NAME --out STORE [options]',
  options,
  resume: 'What is written stays: the same command goes on after the last whole chunk.',
  async run(given, { signal, print, note, terminal }) {
    const modelPlace = required(given, 'model', 'DIR/model.json')
    required(given, 'examples', 'x.npy')
    const labelPlace = required(given, 'labels', 'y.npy')
    const loss = lossOf(given)
    const out = required(given, 'out', 'store.zarr')
    const storage = storageOptions(given)
    const output = optional(given, 'output')
    const idPlace = optional(given, 'ids')
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
      const examples = together(inputs)
      const { exampleCount } = examples
      const rows = rowRange(given, 'rows', exampleCount)
      const tf = await importTfjs()
      const { device, note: where } = await chooseDevice(
        readChoice(given, 'device', devices) ?? 'auto',
      )
      // Else it advises everybody in Node to install another package.
      tf.enableProdMode()
      // Weights are loaded to where they are used.
      await tf.setBackend(device)
      const loaded = await loadModel(tf, modelPlace)
      const { tfjsPredictor } = await import('gradlens/tfjs')
      const chosen = output === undefined ? {} : { output }
      const predictor =
        loaded.kind === 'graph'
          ? tfjsPredictor(loaded.model, chosen)
          : tfjsPredictor(loaded.model, chosen)
      const { start, end } = rows ?? { start: 0, end: exampleCount }
      note(`Writing rows ${start} to ${end - 1} of ${exampleCount} to ${out}, ${where}.`)
      const startedAt = performance.now()
      line.show('Computing', 0, end - start)
      using explainer = new GradientSimilarity(predictor, loss, {
        ...storage,
        precomputeGrads: true,
        store: new FileSystemStore(out),
        device,
      })
      await explainer.precompute(examples, labels, {
        rows,
        ids,
        signal,
        onProgress: ({ done, total }) => {
          line.show('Computing', done, total)
        },
      })
      line.close()
      const seconds = (performance.now() - startedAt) / 1000
      print(
        rows === undefined
          ? `${out}: ${exampleCount} rows, in ${duration(seconds)}.`
          : `${out}: rows ${start} to ${end - 1}, in ${duration(seconds)}. When all ranges are there: gradlens merge ${out}`,
      )
      return 0
    } finally {
      line.close()
      for (const source of opened) await source.close()
    }
  },
}

function lossOf(given: GivenArguments): LossName {
  required(given, 'loss', 'categoricalCrossentropy')
  return readChoice(given, 'loss', lossNames)!
}

function storageOptions(given: GivenArguments): object {
  const dtype = readChoice(given, 'dtype', ['f32', 'f16'])
  const url = optional(given, 'example-url')
  const isStored = given.values['store-examples'] !== undefined
  if (url !== undefined && isStored) {
    throw new UsageError(
      '--example-url: got --store-examples too; expected one of them: the examples, or where they are.',
    )
  }
  const batchSize = integer(given, 'batch-size', 1)
  const rowsPerChunk = integer(given, 'rows-per-chunk', 1)
  const size = integer(given, 'projection', 1)
  const seed = integer(given, 'projection-seed', 0)
  if (seed !== undefined && size === undefined) {
    throw new UsageError('--projection-seed: got no --projection; expected both, or neither.')
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

/** The inputs of a model as one source of what `fit` takes: an array, or a list of arrays. */
function together(
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
