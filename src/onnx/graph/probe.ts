import { type NdArray, sizeOf, takeRows } from '../../ndarray.js'
import { type Random, seededRandom } from '../../random.js'
import type { LoadedModel } from '../model/loaded-model.js'
import { bytesPerElement, isFloat } from '../model/tensor-data.js'
import {
  changedExample,
  placeTensor,
  type ProbedTensor,
  probeSizes,
  shapeForAnyBatch,
} from './batch-evidence.js'
import type { BatchKnowledge } from './batch-knowledge.js'
import { isPlaced, type Placement } from './batch-layout.js'
import type { TensorInfo } from './tensor-info.js'

/** Inputs by name, with the examples on their first axis. */
export type Feeds = ReadonlyMap<string, NdArray>

/** Runs a model and returns all its tensors. */
export type ProbeRun = (feeds: Feeds) => Promise<ReadonlyMap<string, ProbedTensor>>

/**
 * Runs a model on two examples, on three, and on three of which one is changed, to learn which axis of each tensor has
 * the batch, in which order. A model that fails on several examples is run on one.
 *
 * @param feeds examples of the shape that is probed
 */
export async function probeModel(
  model: LoadedModel,
  feeds: Feeds,
  run: ProbeRun,
): Promise<BatchKnowledge> {
  const [smaller, larger] = probeSizes
  const probe: ProbeRun = async (own) => new Map([...inputsOf(model, own), ...(await run(own))])
  let runs
  try {
    const three = repeat(feeds, larger)
    runs = [
      await probe(repeat(feeds, smaller)),
      await probe(three),
      await probe(changeExample(model, three)),
    ] as const
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return probeAlone(model, await probe(repeat(feeds, 1)), {
      reason: `it fails on several examples (${reason.split('\n')[0]!.slice(0, 200)})`,
      isMixed: false,
    })
  }
  const [two, three, changed] = runs
  const infos = constantInfos(model)
  const placements = new Map<string, Placement>()
  for (const [name, tensor] of three) {
    const own = { two: two.get(name)!, three: tensor, changed: changed.get(name)! }
    infos.set(name, { type: tensor.type, shape: shapeForAnyBatch(own) })
    const placement = placeTensor(own)
    if (placement !== undefined) placements.set(name, placement)
  }
  const output = placements.get(model.output)
  if (isPlaced(output) && output.axis === 0 && output.outer * output.inner === 1) {
    return { infos, placements, exampleBytes: countBytes(three) / larger }
  }
  const why =
    output === undefined || isPlaced(output)
      ? 'it does not have the examples on axis 0'
      : output.why
  return probeAlone(model, await probe(repeat(feeds, 1)), {
    reason: `of its output '${model.output}': ${why}`,
    isMixed: true,
  })
}

function probeAlone(
  model: LoadedModel,
  tensors: ReadonlyMap<string, ProbedTensor>,
  onlyAlone: NonNullable<BatchKnowledge['onlyAlone']>,
): BatchKnowledge {
  const infos = constantInfos(model)
  for (const [name, { type, shape }] of tensors) infos.set(name, { type, shape })
  return { infos, placements: new Map(), onlyAlone, exampleBytes: countBytes(tensors) }
}

const countBytes = (tensors: ReadonlyMap<string, ProbedTensor>): number =>
  [...tensors.values()].reduce(
    (sum, { type, data }) => sum + data.length * bytesPerElement(type),
    0,
  )

const inputsOf = ({ inputs }: LoadedModel, feeds: Feeds): [string, ProbedTensor][] =>
  inputs.map(({ name, type }) => [name, { type, ...feeds.get(name)! }])

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
