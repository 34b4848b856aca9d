import { indicesOfPoints } from '../../adapters/path-indices.js'
import { refuseInput } from '../../adapters/refuse-input.js'
import { type NdArray, rows, sizeOf } from '../../ndarray.js'
import type { ForwardArguments, PathPoints } from '../../predictor.js'
import { checkSites, computeActivationGradients, tensorsAt } from './activations.js'
import type { BatchRuns } from './batch-runs.js'
import { createSeed, readFeeds, toFloats } from './feeds.js'
import { computeInputGradients, namesBut } from './input-gradients.js'
import { shapeKey } from './model-runner.js'
import { pathInputs, writePathGradients } from './path-graph.js'
import { seedInput } from './written-graphs.js'

/** Returns weighted sums of gradients along paths. Points and sums are computed in one graph. */
export async function computePathGradients(
  runs: BatchRuns,
  x: readonly NdArray[],
  outputIndices: Int32Array,
  forwardArguments: ForwardArguments,
  points: PathPoints,
): Promise<NdArray[][]> {
  const { model, runner } = runs
  const { sites, starts, ends, pathOf, sumOf } = points
  const names = sites?.flatMap(tensorsAt) ?? namesBut(model.inputs, forwardArguments)
  const feeds = readFeeds(model, sites === undefined ? starts[0]! : x, forwardArguments)
  const knowledge = await runs.knowledge(feeds)
  if (sites !== undefined) checkSites(knowledge, sites)
  if (await runs.isAlone(feeds)) {
    return sumPointByPoint(runs, x, outputIndices, forwardArguments, points)
  }
  const key = `paths ${sumOf === undefined ? '' : 'scaled '}at ${names.join()} ${shapeKey(feeds)}`
  const { model: graph, gradients } = runs.writeOnce(key, () =>
    writePathGradients(model, knowledge, names, sumOf !== undefined),
  )
  const outputs = gradients.map((gradient, k) => gradient ?? refuseInput(names[k]!))
  const pointCount = pathOf.length
  const inputs: [string, NdArray][] = [
    [pathInputs.pathOf, { data: pathOf, shape: [pointCount] }],
    [pathInputs.alphas, { data: Float32Array.from(points.alphas), shape: [pointCount] }],
    [pathInputs.sums, createSums(points)],
    [seedInput, createSeed(model, knowledge, pointCount, indicesOfPoints(outputIndices, pathOf))],
  ]
  for (const [k, start] of starts.flat().entries()) {
    inputs.push([pathInputs.start(names[k]!), start])
    inputs.push([pathInputs.way(names[k]!), subtract(ends.flat()[k]!, start)])
  }
  for (const [name, array] of feeds) {
    if (!names.includes(name)) inputs.push([pathInputs.given(name), array])
  }
  const results = await runner.run(key, () => graph, new Map(inputs))
  let next = 0
  return starts.map((group) =>
    group.map(({ shape }) => {
      const { data } = toFloats(results.get(outputs[next++]!)!)
      return { data, shape: [data.length / sizeOf(shape.slice(1)), ...shape.slice(1)] }
    }),
  )
}

/** [sums, points], the weight of each point in its sum. */
function createSums({ pathOf, weights, sumOf }: PathPoints): NdArray {
  const pointCount = pathOf.length
  const sums = pathOf.map((path) => sumOf?.[path] ?? path)
  const sumCount = (sums.at(-1) ?? -1) + 1
  const data = new Float32Array(sumCount * pointCount)
  for (const [q, sum] of sums.entries()) data[sum * pointCount + q] = weights[q]!
  return { data, shape: [sumCount, pointCount] }
}

/** The difference is taken in float64. */
const subtract = (end: NdArray, start: NdArray): NdArray => ({
  data: Float32Array.from(end.data, (value, at) => value - start.data[at]!),
  shape: end.shape,
})

/** The same sums in float64, for a model that takes one example at a time. */
async function sumPointByPoint(
  runs: BatchRuns,
  x: readonly NdArray[],
  outputIndices: Int32Array,
  forwardArguments: ForwardArguments,
  { sites, starts, ends, pathOf, alphas, weights, sumOf }: PathPoints,
): Promise<NdArray[][]> {
  const sumCount = (sumOf?.at(-1) ?? pathOf.at(-1) ?? -1) + 1
  const sums = starts.map((group) =>
    group.map(({ shape }) => ({
      data: new Float64Array(sumCount * sizeOf(shape.slice(1))),
      shape: [sumCount, ...shape.slice(1)],
    })),
  )
  const terms = outputIndices.length / ((pathOf.at(-1) ?? -1) + 1)
  for (const [q, path] of pathOf.entries()) {
    const own = (array: NdArray): NdArray => rows(array, path, path + 1)
    const ways = starts.map((group, k) =>
      group.map((start, j) => subtract(own(ends[k]![j]!), own(start))),
    )
    const values = ways.map((group, k) =>
      group.map((way, j) => ({
        data: own(starts[k]![j]!).data.map((value, at) => value + alphas[q]! * way.data[at]!),
        shape: way.shape,
      })),
    )
    const further = Object.fromEntries(
      Object.entries(forwardArguments).map(([name, array]) => [name, own(array)]),
    )
    const indices = outputIndices.slice(path * terms, (path + 1) * terms)
    const gradients =
      sites === undefined
        ? [await computeInputGradients(runs, values[0]!, indices, further)]
        : await computeActivationGradients(runs, x.map(own), indices, further, { sites, values })
    for (const [k, group] of gradients.entries()) {
      for (const [j, { data }] of group.entries()) {
        const way = sumOf === undefined ? undefined : ways[k]![j]!.data
        const total = sums[k]![j]!.data
        const at = (sumOf?.[path] ?? path) * data.length
        for (const [i, value] of data.entries()) {
          total[at + i]! += weights[q]! * value * (way?.[i] ?? 1)
        }
      }
    }
  }
  return sums
}
