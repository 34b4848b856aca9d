import { InvalidArgumentError } from '../../errors.js'
import { type ArrayInput, toNdArray } from '../../array-input.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'
import type { ArraySpec, Predictor } from '../../predictor.js'
import { inInputOrder, isByName, listNames } from './by-name.js'
import { readInputs } from './inputs.js'
import type { ModelCall } from '../session/model-session.js'

/** Raw items that the paths begin at, one for all or one per example, for a predictor that preprocesses. */
export interface ItemsOf<Item = never> {
  readonly items: readonly Item[]
}

/** Where paths begin, in a list of one per input or by input name; null, or no value, means zeros. */
export type Baselines<Item = never> =
  | ArrayInput
  | readonly (ArrayInput | null)[]
  | Readonly<Record<string, ArrayInput | null>>
  | ItemsOf<Item>
  | null
  | undefined

/** Several baselines, each in any form of one. Attributions and deltas are the means over them. */
export interface AverageOf<Item = never> {
  readonly average: readonly Baselines<Item>[]
}

/** Baselines that were read: one array per input, null for zeros. */
export type CopiedBaselines = <Value>(
  call: ModelCall<Value>,
  batchSize: number,
) => Promise<readonly (NdArray | null)[]>

/** Each of the baselines asked for, read: one, or those of an average. @throws InvalidArgumentError */
export async function copyEachBaseline(
  baselines: Baselines<unknown> | AverageOf<unknown>,
  specs: readonly ArraySpec[],
  predictor: Pick<Predictor, 'preprocess'>,
): Promise<CopiedBaselines[]> {
  if (!isAverage(baselines)) return [await copyBaselines(baselines, specs, predictor)]
  const { average } = baselines
  if (!Array.isArray(average) || average.length === 0) {
    throw new InvalidArgumentError(
      'baselines.average',
      describe(average),
      'a list of baselines, one or more',
    )
  }
  return Promise.all(
    (average as readonly Baselines<unknown>[]).map((one, m) =>
      copyBaselines(one, specs, predictor, `baselines.average[${m}]`),
    ),
  )
}

export const isAverage = (
  baselines: Baselines<unknown> | AverageOf<unknown>,
): baselines is AverageOf<unknown> =>
  typeof baselines === 'object' && baselines !== null && 'average' in baselines

const isItems = (baselines: Baselines<unknown>): baselines is ItemsOf<unknown> =>
  typeof baselines === 'object' &&
  baselines !== null &&
  'items' in baselines &&
  !('shape' in baselines)

/** One baseline per input, read. @throws InvalidArgumentError if there is not one per input */
export async function copyBaselines(
  baselines: Baselines<unknown>,
  specs: readonly ArraySpec[],
  predictor: Pick<Predictor, 'preprocess'>,
  argument = 'baselines',
): Promise<CopiedBaselines> {
  if (baselines != null && isItems(baselines)) {
    if (predictor.preprocess !== undefined) {
      return (await readInputs(`${argument}.items`, baselines.items, specs, predictor)).arrays
    }
    throw new InvalidArgumentError(
      `${argument}.items`,
      'raw items for a predictor without preprocess',
      'a number or arrays; or create the predictor with preprocess',
    )
  }
  const arrays = await copyArrays(argument, baselines, specs)
  return () => Promise.resolve(arrays)
}

async function copyArrays(
  argument: string,
  baselines: Exclude<Baselines<unknown>, ItemsOf<unknown>>,
  specs: readonly ArraySpec[],
): Promise<(NdArray | null)[]> {
  if (baselines == null) return specs.map(() => null)
  const list = isByName(baselines, specs)
    ? inInputOrder(argument, baselines as Readonly<Record<string, ArrayInput | null>>, specs)
    : listOfBaselines(argument, baselines, specs)
  return Promise.all(
    list.map(async (baseline, j) =>
      baseline == null
        ? null
        : await toNdArray(nameBaseline(argument, baselines, specs, j), baseline),
    ),
  )
}

function listOfBaselines(
  argument: string,
  baselines: unknown,
  specs: readonly ArraySpec[],
): readonly (ArrayInput | null)[] {
  if (specs.length === 1) return [baselines as ArrayInput]
  if (Array.isArray(baselines) && baselines.length === specs.length) {
    return baselines as readonly (ArrayInput | null)[]
  }
  throw new InvalidArgumentError(
    argument,
    describe(baselines),
    `a list of ${specs.length}, one per model input, or an object by input name (${listNames(specs)}); null for zeros`,
  )
}

/** The baseline of one input, as the caller would write it. */
export function nameBaseline(
  argument: string,
  baselines: unknown,
  specs: readonly ArraySpec[],
  j: number,
): string {
  const hasNames = isByName(baselines, specs) && !isItems(baselines as Baselines<unknown>)
  if (hasNames) return `${argument}.${specs[j]!.name}`
  return specs.length === 1 ? argument : `${argument}[${j}]`
}
