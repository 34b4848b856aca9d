import { refuseInput } from '../../adapters/refuse-input.js'
import type { NdArray } from '../../ndarray.js'
import type { ForwardArguments } from '../../predictor.js'
import type { BatchRuns } from './batch-runs.js'
import { createSeed, readFeeds } from './feeds.js'
import { shapeKey } from './model-runner.js'
import { seedInput, writeGradients } from './written-graphs.js'

/** Returns the gradients of the chosen outputs at the inputs, one array per input that isn't passed by name. */
export async function computeInputGradients(
  runs: BatchRuns,
  x: readonly NdArray[],
  outputIndices: Int32Array,
  forwardArguments: ForwardArguments,
): Promise<NdArray[]> {
  const { model } = runs
  const feeds = readFeeds(model, x, forwardArguments)
  const knowledge = await runs.knowledge(feeds)
  const names = namesBut(model.inputs, forwardArguments)
  const key = `gradients at ${names.join()} ${shapeKey(feeds)}`
  const { model: graph, gradients } = runs.writeOnce(key, () =>
    writeGradients(model, knowledge, names),
  )
  const seed = createSeed(model, knowledge, x[0]?.shape[0] ?? 1, outputIndices)
  const outputs = gradients.map((gradient, k) => gradient ?? refuseInput(names[k]!))
  return runs.run(key, () => graph, new Map([...feeds, [seedInput, seed]]), outputs)
}

/** Returns the names of the inputs that are not passed by name, whose arrays are in x. */
export const namesBut = (
  inputs: readonly { readonly name: string }[],
  forwardArguments: ForwardArguments,
): string[] =>
  inputs.map(({ name }) => name).filter((name) => !Object.hasOwn(forwardArguments, name))
