import { explainFailedImport } from '../../failed-import.js'
import { InvalidArgumentError } from '../../errors.js'
import { type ArrayInput, isArrayObject, toNdArray } from '../../array-input.js'
import { assertFinite, type NdArray, rows } from '../../ndarray.js'
import { describe } from '../../options.js'
import type { ArraySpec, Predictor } from '../../predictor.js'
import { type ByName, hasInputNames, inInputOrder, isByName, listNames } from './by-name.js'
import { assertFits, fits } from './input-shape.js'
import type { ModelCall } from '../session/model-session.js'

/**
 * Examples, the batch first: one array for a model of one input; for one of several inputs a list of arrays, or an object of
 * arrays by input name. For a predictor that preprocesses, a list is a list of its raw items.
 */
export type Inputs<Item = never> = ArrayInput | readonly ArrayInput[] | ByName | readonly Item[]

/** Examples that were read. */
export interface ReadInputs {
  readonly exampleCount: number
  /** A copy of the list of raw items; null for arrays. */
  readonly items: readonly unknown[] | null
  /** One array per input; of raw items, what the predictor makes of them, `batchSize` at a time. */
  readonly arrays: <Value>(call: ModelCall<Value>, batchSize: number) => Promise<NdArray[]>
}

/** The inputs that are attributed: without those that further arguments name. @throws InvalidArgumentError if none is left */
export function inputsBut(
  argument: string,
  { inputs }: Pick<Predictor, 'inputs'>,
  further: object,
): ArraySpec[] {
  const left = inputs.filter(({ name }) => !Object.hasOwn(further, name))
  if (left.length > 0) return left
  throw new InvalidArgumentError(
    argument,
    `all inputs of the model (${inputs.map(({ name }) => name).join(', ')})`,
    'at least one input fewer: x needs one. If all inputs are token ids, give them as x and name the embedding ' +
      'with { layer }',
  )
}

/**
 * Reads examples. A single one without batch axis gets one.
 *
 * @param specs the model's inputs, without those that are given by name
 * @throws InvalidArgumentError if their number, shape or length does not fit, or there are none;
 *   NonFiniteError if they hold NaN or an infinity
 */
export async function readInputs(
  argument: string,
  x: Inputs<unknown>,
  specs: readonly ArraySpec[],
  predictor: Pick<Predictor, 'preprocess'>,
): Promise<ReadInputs> {
  const hasNames = isByName(x, specs)
  if (predictor.preprocess !== undefined) {
    const isArrays = isArrayObject(x) || (hasNames && hasInputNames(x as ByName, specs))
    if (!isArrays) return readItems(argument, x, specs)
  }
  const list = hasNames
    ? arraysByName(argument, x as ByName, specs)
    : listOfArrays(argument, x, specs)
  const arrays = await Promise.all(
    specs.map((spec, i) => {
      const position = specs.length === 1 ? '' : `[${i}]`
      return readInput(`${argument}${hasNames ? `.${spec.name}` : position}`, list[i]!, spec)
    }),
  )
  const counts = arrays.map(({ shape }) => shape[0] ?? 0)
  if (new Set(counts).size > 1) {
    throw new InvalidArgumentError(
      argument,
      `inputs of ${counts.join(', ')} examples`,
      'the same number of examples in each',
    )
  }
  return { exampleCount: counts[0] ?? 0, items: null, arrays: () => Promise.resolve(arrays) }
}

function arraysByName(argument: string, x: ByName, specs: readonly ArraySpec[]): ArrayInput[] {
  const list = inInputOrder(argument, x, specs)
  const missing = specs.filter((_, i) => list[i] == null)
  if (missing.length === 0) return list as ArrayInput[]
  throw new InvalidArgumentError(
    argument,
    `no array for ${listNames(missing)}`,
    `an array for each input: ${listNames(specs)}`,
  )
}

function listOfArrays(
  argument: string,
  x: Inputs<unknown>,
  specs: readonly ArraySpec[],
): readonly ArrayInput[] {
  if (specs.length === 1) return [x as ArrayInput]
  if (Array.isArray(x) && x.length === specs.length) return x as readonly ArrayInput[]
  throw new InvalidArgumentError(
    argument,
    describe(x),
    `a list of ${specs.length} arrays, one per model input, or an object of arrays by input name (${listNames(specs)})`,
  )
}

export const countExamples = (x: readonly NdArray[]): number => x[0]?.shape[0] ?? 0

export const rowsOf = (x: readonly NdArray[], start: number, end: number): NdArray[] =>
  x.map((array) => rows(array, start, end))

/** Reads the examples of one input, [N, …]. */
export async function readInput(
  argument: string,
  value: ArrayInput,
  spec: ArraySpec,
): Promise<NdArray> {
  const array = await toNdArray(argument, value)
  if (array.data.length === 0) {
    throw new InvalidArgumentError(
      argument,
      `nothing, shape [${array.shape.join(', ')}]`,
      'one example or more, none of them empty',
    )
  }
  const batch = fits(array.shape, spec.shape)
    ? { data: array.data, shape: [1, ...array.shape] }
    : array
  assertFits(argument, batch, spec)
  assertFinite(argument, batch)
  return batch
}

function readItems(argument: string, x: unknown, specs: readonly ArraySpec[]): ReadInputs {
  if (!Array.isArray(x) || x.length === 0) {
    throw new InvalidArgumentError(
      argument,
      Array.isArray(x) ? 'an empty list' : describe(x),
      'a list of raw items, as preprocess takes them; or { data, shape } or a tensor, as it returns them',
    )
  }
  const items: readonly unknown[] = [...(x as readonly unknown[])]
  return {
    exampleCount: items.length,
    items,
    arrays: async (call, batchSize) => {
      const { preprocessed } = await import('./raw-items.js').catch(explainFailedImport)
      return preprocessed(argument, items, specs, call, batchSize)
    },
  }
}
