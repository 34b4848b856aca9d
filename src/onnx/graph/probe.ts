import { isGradlensError } from '../../errors.js'
import { type NdArray, sizeOf, takeRows } from '../../ndarray.js'
import { type Random, seededRandom } from '../../random.js'
import type { LoadedModel } from '../model/loaded-model.js'
import type { ElementType } from '../model/onnx-model.js'
import { bytesPerElement, isFloat } from '../model/tensor-data.js'
import {
  changedExample,
  needsValues,
  placeTensor,
  type ProbedTensor,
  type ProbeRuns,
  probeSizes,
  shapeForAnyBatch,
} from './batch-evidence.js'
import type { BatchKnowledge } from './batch-knowledge.js'
import { isPlaced, type Placement } from './batch-layout.js'
import type { TensorInfo } from './tensor-info.js'

/** Inputs by name, with the examples on their first axis. */
export type Feeds = ReadonlyMap<string, NdArray>

/** Runs a model to learn about its tensors. All tensors together may take much memory. */
export interface Prober {
  /** Returns the types of all tensors that operators compute. */
  types(feeds: Feeds): Promise<ReadonlyMap<string, ElementType>>
  /** Returns the shapes of all of them. */
  shapes(feeds: Feeds): Promise<ReadonlyMap<string, readonly number[]>>
  /** Returns the values of some of them. */
  values(feeds: Feeds, tensors: readonly string[]): Promise<ReadonlyMap<string, ProbedTensor>>
}

/**
 * Runs a model on two examples, on three, and on three of which one is changed, to learn which axis of each tensor has
 * the batch, in which order. A model that fails on several examples is run on one.
 *
 * @param feeds examples of the shape that is probed
 */
export async function probeModel(
  model: LoadedModel,
  feeds: Feeds,
  prober: Prober,
): Promise<BatchKnowledge> {
  const [smaller, larger] = probeSizes
  const one = repeat(feeds, 1)
  const types = new Map([...inputTypes(model), ...(await prober.types(one))])
  let runs: Map<string, ProbeRuns>
  try {
    runs = await runProbes(model, repeat(feeds, smaller), repeat(feeds, larger), prober)
  } catch (cause) {
    if (isGradlensError(cause, 'MemoryError') || isGradlensError(cause, 'DisposedError'))
      throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    return probeAlone(model, types, await prober.shapes(one), one, {
      reason: `it fails on several examples (${reason.split('\n')[0]!.slice(0, 200)})`,
      isMixed: false,
    })
  }
  const infos = constantInfos(model)
  const placements = new Map<string, Placement>()
  for (const [name, own] of runs) {
    infos.set(name, { type: types.get(name)!, shape: shapeForAnyBatch(own) })
    const placement = placeTensor(own)
    if (placement !== undefined) placements.set(name, placement)
  }
  const output = placements.get(model.output)
  if (isPlaced(output) && output.axis === 0 && output.outer * output.inner === 1) {
    const shapes = new Map([...runs].map(([name, { three }]) => [name, three]))
    return { infos, placements, exampleBytes: countBytes(types, shapes) / larger }
  }
  const why =
    output === undefined || isPlaced(output)
      ? 'it does not have the examples on axis 0'
      : output.why
  return probeAlone(model, types, await prober.shapes(one), one, {
    reason: `of its output '${model.output}': ${why}`,
    isMixed: true,
  })
}

async function runProbes(
  model: LoadedModel,
  two: Feeds,
  three: Feeds,
  prober: Prober,
): Promise<Map<string, ProbeRuns>> {
  const ofTwo = new Map([...shapesOf(two), ...(await prober.shapes(two))])
  const ofThree = new Map([...shapesOf(three), ...(await prober.shapes(three))])
  const runs = new Map(
    [...ofThree].map(([name, own]): [string, ProbeRuns] => [
      name,
      { two: ofTwo.get(name)!, three: own },
    ]),
  )
  // The values of the output show whether the model mixes its examples.
  const dependents = findDependents(model)
  const wanted = [...runs].flatMap(([name, own]) =>
    name === model.output || (dependents.has(name) && needsValues(own)) ? [name] : [],
  )
  const values = await prober.values(three, wanted)
  const changed = await prober.values(changeExample(model, three), wanted)
  for (const name of wanted) {
    const pair = { own: values.get(name)!, changed: changed.get(name)! }
    runs.set(name, { ...runs.get(name)!, values: pair })
  }
  return runs
}

/** The tensors that operators compute from the model's inputs. */
function findDependents({ nodes, inputs }: LoadedModel): Set<string> {
  const found = new Set(inputs.map(({ name }) => name))
  for (const node of nodes) {
    if (!node.inputs.some((input) => found.has(input))) continue
    for (const output of node.outputs) found.add(output)
  }
  for (const { name } of inputs) found.delete(name)
  return found
}

function probeAlone(
  model: LoadedModel,
  types: ReadonlyMap<string, ElementType>,
  computed: ReadonlyMap<string, readonly number[]>,
  feeds: Feeds,
  onlyAlone: NonNullable<BatchKnowledge['onlyAlone']>,
): BatchKnowledge {
  const infos = constantInfos(model)
  const shapes = new Map([...shapesOf(feeds), ...computed])
  for (const [name, shape] of shapes) infos.set(name, { type: types.get(name)!, shape })
  return { infos, placements: new Map(), onlyAlone, exampleBytes: countBytes(types, shapes) }
}

const countBytes = (
  types: ReadonlyMap<string, ElementType>,
  shapes: ReadonlyMap<string, readonly number[]>,
): number =>
  [...shapes].reduce(
    (sum, [name, shape]) => sum + sizeOf(shape) * bytesPerElement(types.get(name)!),
    0,
  )

const inputTypes = ({ inputs }: LoadedModel): [string, ElementType][] =>
  inputs.map(({ name, type }) => [name, type])

const shapesOf = (feeds: Feeds): [string, readonly number[]][] =>
  [...feeds].map(([name, { shape }]) => [name, shape])

const constantInfos = ({ constants }: LoadedModel): Map<string, TensorInfo> =>
  new Map([...constants].map(([name, { type, shape }]) => [name, { type, shape }]))

/** Repeats the examples until there are `exampleCount`. */
const repeat = (feeds: Feeds, exampleCount: number): Feeds =>
  new Map(
    [...feeds].map(([name, array]) => {
      const [own = 1] = array.shape
      const rows = Array.from({ length: exampleCount }, (_, k) => k % own)
      return [name, takeRows(array, rows)]
    }),
  )

/** Returns the examples with other numbers in one of them. */
function changeExample({ inputs }: LoadedModel, feeds: Feeds): Feeds {
  const random = seededRandom(1)
  return new Map(
    [...feeds].map(([name, array]) => {
      const size = sizeOf(array.shape.slice(1))
      const data = Float64Array.from(array.data)
      const own = data.subarray(changedExample * size, (changedExample + 1) * size)
      const type = inputs.find((input) => input.name === name)?.type ?? 'float32'
      if (isFloat(type)) moveFloats(own, random)
      else moveIntegers(own, random)
      return [name, { data, shape: array.shape }]
    }),
  )
}

function moveFloats(values: Float64Array, random: Random): void {
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  for (const [k, value] of values.entries()) {
    values[k] = value + (random() - 0.5) * (scale === 0 ? 1 : scale)
  }
}

/** Shuffles the numbers, which stay within the range of a table. Equal numbers are replaced by a neighbour. */
function moveIntegers(values: Float64Array, random: Random): void {
  const [first = 0] = values
  if (values.every((value) => value === first)) {
    values.fill(first > 0 ? first - 1 : first + 1)
    return
  }
  const before = values.slice()
  for (let k = values.length - 1; k > 0; k--) {
    const other = Math.floor(random() * (k + 1))
    ;[values[k], values[other]] = [values[other]!, values[k]!]
  }
  if (values.every((value, k) => value === before[k])) values.reverse()
}
