import type { Predictor } from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import * as ort from 'onnxruntime-web/wasm'
import runtimeUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import { baseName, FileError, folderOf, readBytes, type NamedFile } from '../../files/named-file.js'
import { sizeOf, type OpenedModel } from '../opened-model.js'
import { readSideFiles } from '../side-files.js'
import { findEndActivation, findLookup, readGraph, type OnnxGraph } from './read-graph.js'

ort.env.wasm.wasmPaths = { wasm: new URL(runtimeUrl, self.location.href).href }
// More threads need a page that is isolated from others, which static hosts don't offer.
ort.env.wasm.numThreads = 1

/** Opens an ONNX model, with the files of its weights if it has some. */
export async function openOnnx(file: NamedFile, files: readonly NamedFile[]): Promise<OpenedModel> {
  const bytes = await readBytes(file)
  const name = baseName(file.path)
  const externalData = await readOthers(file, files)
  const open = (output?: string): Promise<Predictor> =>
    onnxPredictor(ort, bytes, {
      name,
      output,
      externalData,
    }) as Promise<unknown> as Promise<Predictor>
  const graph = await readGraphOr(bytes, open)
  const predictors = new Map<string, Predictor>()
  for (const output of graph.outputs) predictors.set(output, await open(output))
  const { inputs, parameters } = [...predictors.values()][0]!
  const { classNames } = await readSideFiles(files)
  return {
    facts: {
      format: 'ONNX',
      name,
      byteLength:
        file.blob.size + Object.values(externalData).reduce((sum, { length }) => sum + length, 0),
      inputs,
      outputs: [...predictors].map(([output, predictor]) => ({
        name: output,
        shape: predictor.output.shape,
        activation: findEndActivation(graph, output),
      })),
      layers: graph.steps
        .filter(({ op }) => op !== 'Constant')
        .map((step) => ({
          name: step.name === '' ? (step.outputs[0] ?? '') : step.name,
          kind: step.op,
          shape: '',
        })),
      parameters: parameters.map((parameter) => ({
        name: parameter.name,
        count: sizeOf(parameter.shape),
      })),
      embedding: findLookup(graph),
      classNames,
      pixels: undefined,
      text: undefined,
    },
    createPredictor: (output) => predictors.get(output) ?? open(output),
    files: [file, ...files.filter(({ path }) => baseName(path) in externalData)],
    dispose: () => undefined,
  }
}

/** The names in the graph. If the file isn't a model, opening the predictor reports it. */
async function readGraphOr(bytes: Uint8Array, open: () => Promise<unknown>): Promise<OnnxGraph> {
  try {
    const graph = readGraph(bytes)
    if (graph.outputs.length > 0) return graph
  } catch {
    // The predictor reads more of the file and says what is wrong with it.
  }
  await open()
  throw new FileError('The ONNX model has no outputs.')
}

const described = new Set(['json', 'txt', 'md'])

/** The other files next to the model, which may have its weights, by their names. */
async function readOthers(
  model: NamedFile,
  files: readonly NamedFile[],
): Promise<Record<string, Uint8Array>> {
  const others = files.filter(
    ({ path }) =>
      path !== model.path &&
      folderOf(path) === folderOf(model.path) &&
      !described.has(path.split('.').at(-1) ?? ''),
  )
  const entries = others.map(async (file) => [baseName(file.path), await readBytes(file)] as const)
  return Object.fromEntries(await Promise.all(entries))
}
