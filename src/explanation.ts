import { InvalidArgumentError } from './errors.js'
import { mapFields, toCamelCase, toSnakeCase } from './explanation/fields.js'
import { parseTolerantly, readData } from './explanation/from-json.js'
import { toJsonValue } from './explanation/to-json.js'
import { isRecord } from './is-record.js'
import type { NdArray } from './ndarray.js'
import { describe } from './options.js'

/** What was explained, by what, and with which parameters. */
export interface ExplanationMeta {
  readonly name: string
  readonly type: readonly string[]
  readonly explanations: readonly string[]
  readonly params: Readonly<Record<string, unknown>>
  readonly version: string
}

/** The members of an Explanation, besides its data's and meta's fields. */
interface ExplanationBase<Data> {
  readonly meta: ExplanationMeta
  readonly data: Data
  /**
   * alibi's schema, ready for JSON.stringify: snake_case keys and nested lists. JSON has no NaN or
   * infinities: they become the strings "NaN", "Infinity" and "-Infinity".
   */
  toJSON(): ExplanationJson
  /**
   * The attributions of one input, layer or call of a layer, by its name in `attributionNames`: the
   * name of an input; the name of a layer; of a layer that is called several times, the input or
   * layer that it was called on.
   *
   * @throws InvalidArgumentError for an unknown name, or if the explanation has no attributions
   *   with names
   */
  attribution(name: string): NdArray
}

/** The result of an explainer. The fields of `data` and `meta` are its own fields too. */
export type Explanation<Data extends object = Record<string, unknown>> = ExplanationBase<Data> &
  Readonly<Data> &
  Readonly<ExplanationMeta>

/** An explanation as JSON, in alibi's schema. */
export interface ExplanationJson {
  readonly meta: Readonly<Record<string, unknown>>
  readonly data: Readonly<Record<string, unknown>>
}

export function createExplanation<Data extends object>(
  meta: ExplanationMeta,
  data: Data,
): Explanation<Data> {
  const base: ExplanationBase<Data> = {
    meta: Object.freeze({ ...meta, params: Object.freeze({ ...meta.params }) }),
    data: Object.freeze({ ...data }),
    attribution: (name) => findAttribution(data, name),
    toJSON: () => ({
      meta: { ...meta, params: mapFields(meta.params, toSnakeCase, (field) => toJsonValue(field)) },
      data: mapFields(data, toSnakeCase, (field) => toJsonValue(field)),
    }),
  }
  return Object.freeze({ ...data, ...base.meta, ...base })
}

function findAttribution(data: object, name: unknown): NdArray {
  const { attributions, attributionNames } = data as Readonly<Record<string, unknown>>
  if (!Array.isArray(attributions) || !Array.isArray(attributionNames)) {
    throw new InvalidArgumentError(
      'attribution',
      describe(name),
      'an explanation with attributionNames, as IntegratedGradients, ExpectedGradients and Gradient give it; ' +
        'use attributions[i] of one that has none',
    )
  }
  const found = (attributions as NdArray[])[attributionNames.indexOf(name)]
  if (found !== undefined) return found
  const names = attributionNames.map((known) => describe(known)).join(', ')
  throw new InvalidArgumentError('attribution', describe(name), `one of ${names}`)
}

/** Reads explanations from JSON. */
export const Explanation = {
  /**
   * An explanation from its JSON, also from JSON that alibi wrote (its bare NaN and Infinity
   * included). Lists of numbers become NdArrays: int32 for indices and targets, float64 for the
   * others.
   *
   * @param json the text, or what JSON.parse made of it
   * @throws InvalidArgumentError if it isn't an explanation
   */
  fromJSON(json: string | object): Explanation {
    const value: unknown = typeof json === 'string' ? parseTolerantly(json) : json
    const { meta, data } = isRecord(value) ? value : {}
    if (!isRecord(meta) || !isRecord(meta['params']) || !isRecord(data)) {
      const expected = "an explanation: an object with 'meta', its 'params', and 'data'"
      throw new InvalidArgumentError('json', describe(json), expected)
    }
    const params = mapFields(meta['params'], toCamelCase, (field) => field)
    return createExplanation(
      { ...meta, params } as unknown as ExplanationMeta,
      readData(data, params),
    )
  },
} as const
