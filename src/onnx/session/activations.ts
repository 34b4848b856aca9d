import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import type { Activations, ForwardArguments, LayerSite } from '../../predictor.js'
import { findGradientPaths } from '../graph/backpropagate.js'
import type { BatchKnowledge } from '../graph/batch-knowledge.js'
import { isPlaced } from '../graph/batch-layout.js'
import type { Feeds } from '../graph/probe.js'
import type { LoadedModel } from '../model/loaded-model.js'
import type { BatchRuns } from './batch-runs.js'
import { createSeed, readFeeds } from './feeds.js'
import { shapeKey } from './model-runner.js'
import { seedInput, writeForward, writeGradients } from './written-graphs.js'

/** Returns the activations at layers for these examples, per site. */
export async function computeActivations(
  runs: BatchRuns,
  x: readonly NdArray[],
  forwardArguments: ForwardArguments,
  sites: readonly LayerSite[],
): Promise<NdArray[][]> {
  const { model } = runs
  const feeds = readFeeds(model, x, forwardArguments)
  checkSites(await runs.knowledge(feeds), sites)
  const tensors = sites.flatMap(tensorsAt)
  const distinct = [...new Set(tensors)]
  const key = `activations ${distinct.join()}`
  const arrays = await runs.run(key, () => writeForward(model, distinct), feeds, tensors)
  return groupBySite(sites, arrays)
}

/** Returns the model's output when these activations replace those of their layers. */
export async function computeOutputFrom(
  runs: BatchRuns,
  x: readonly NdArray[],
  forwardArguments: ForwardArguments,
  activations: Activations,
): Promise<NdArray> {
  const { model } = runs
  const feeds = readFeeds(model, x, forwardArguments)
  const values = readValues(await runs.knowledge(feeds), activations)
  const given = [...values.keys()]
  const [output] = await runs.run(
    `from ${given.join()}`,
    () => writeForward(model, [model.output], given),
    new Map([...feeds, ...values]),
    [model.output],
  )
  return output!
}

/** Returns the gradients of the chosen outputs at layers, at the model's own activations or given ones. */
export async function computeActivationGradients(
  runs: BatchRuns,
  x: readonly NdArray[],
  outputIndices: Int32Array,
  forwardArguments: ForwardArguments,
  at: Activations | { readonly sites: readonly LayerSite[] },
): Promise<NdArray[][]> {
  const { model } = runs
  const { sites } = at
  const feeds = readFeeds(model, x, forwardArguments)
  const knowledge = await runs.knowledge(feeds)
  checkSites(knowledge, sites)
  const values: Feeds = 'values' in at ? readValues(knowledge, at) : new Map()
  const tensors = sites.flatMap(tensorsAt)
  const distinct = [...new Set(tensors)]
  const given = [...values.keys()]
  const key = `gradients at ${distinct.join()} from ${given.join()} ${shapeKey(feeds)}`
  const { model: graph, gradients } = runs.writeOnce(key, () =>
    writeGradients(model, knowledge, distinct, given),
  )
  const found = distinct.flatMap((tensor, k) => {
    const gradient = gradients[k]
    if (gradient !== undefined) return [[tensor, gradient] as const]
    refuseUnreached(model, knowledge, tensor, sites)
    return []
  })
  const exampleCount = feeds.values().next().value?.shape[0] ?? 1
  const seed = createSeed(model, knowledge, exampleCount, outputIndices)
  const arrays = await runs.run(
    key,
    () => graph,
    new Map([...feeds, ...values, [seedInput, seed]]),
    found.map(([, gradient]) => gradient),
  )
  const byTensor = new Map(found.map(([tensor], k) => [tensor, arrays[k]!]))
  const all = tensors.map(
    (tensor) => byTensor.get(tensor) ?? zeros(knowledge, tensor, exampleCount),
  )
  return groupBySite(sites, all)
}

/** Returns the tensors at a site. */
export const tensorsAt = ({ tensors }: LayerSite): readonly string[] => tensors!

/**
 * @throws UnsupportedError for a tensor without float values, or without the examples on its first axis
 */
export function checkSites(
  { infos, placements, onlyAlone }: BatchKnowledge,
  sites: readonly LayerSite[],
): void {
  for (const site of sites) {
    for (const tensor of tensorsAt(site)) {
      const { type, shape } = infos.get(tensor)!
      const placement = placements.get(tensor)
      const isFirst =
        onlyAlone === undefined
          ? isPlaced(placement) && placement.axis === 0 && placement.outer * placement.inner === 1
          : shape[0] === 1
      if (type === 'float32' && isFirst) continue
      const what =
        type === 'float32'
          ? `does not have the examples on its first axis (its shape is [${shape.map((length) => length ?? 'batch').join(', ')}])`
          : `has values of type ${type}`
      throw new UnsupportedError(
        site.layer,
        `layer '${site.layer}': its tensor '${tensor}' ${what}; expected floats with one row per example. Name a layer ` +
          'before or after it.',
      )
    }
  }
}

function readValues(knowledge: BatchKnowledge, { sites, values }: Activations): Feeds {
  checkSites(knowledge, sites)
  const entries = sites.flatMap((site, k) =>
    tensorsAt(site).map((tensor, j): [string, NdArray] => {
      const array = values[k]![j]
      const own = knowledge.infos.get(tensor)!.shape.slice(1)
      if (array?.shape.slice(1).join() === own.join()) return [tensor, array]
      throw new InvalidArgumentError(
        `the activations of layer '${site.layer}'`,
        array === undefined ? 'too few' : `shape [${array.shape.join(', ')}]`,
        `shape [examples, ${own.join(', ')}], the layer's own`,
      )
    }),
  )
  return new Map(entries)
}

/** @throws UnsupportedError unless the output depends on the tensor through other ones of the sites */
function refuseUnreached(
  { nodes, output }: LoadedModel,
  { infos }: BatchKnowledge,
  tensor: string,
  sites: readonly LayerSite[],
): void {
  const { tensors } = findGradientPaths(nodes, [tensor], [output], infos)
  if (tensors.has(tensor)) return
  const { layer, at } = sites.find((site) => tensorsAt(site).includes(tensor))!
  throw new UnsupportedError(
    layer,
    `layer '${layer}': the output does not depend on its ${at} by differentiable steps, so there is no gradient. ` +
      'Name a layer between the inputs and the output, after the last look-up, arg-max or comparison.',
  )
}

function zeros({ infos }: BatchKnowledge, tensor: string, exampleCount: number): NdArray {
  const shape = [
    exampleCount,
    ...infos
      .get(tensor)!
      .shape.slice(1)
      .map((length) => length ?? 1),
  ]
  return { data: new Float32Array(shape.reduce((size, length) => size * length, 1)), shape }
}

function groupBySite(sites: readonly LayerSite[], arrays: readonly NdArray[]): NdArray[][] {
  let next = 0
  return sites.map((site) => tensorsAt(site).map(() => arrays[next++]!))
}
