import { InvalidArgumentError } from '../errors.js'
import { Explanation } from '../explanation.js'
import { isRecord } from '../is-record.js'
import { describe } from '../options.js'
import { isNdArray } from './to-json.js'

/** The parts of an explanation that are shown or stored. */
export interface GivenExplanation {
  readonly meta: Readonly<Record<string, unknown>>
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * The meta and data of an Explanation, of its JSON as text or parsed, or as a worker posts them.
 *
 * @throws InvalidArgumentError if the value is not an explanation or the JSON of one
 */
export function readExplanation(value: unknown): GivenExplanation {
  if (isRecord(value) && isRecord(value['meta']) && isRecord(value['data'])) {
    const { meta, data } = value
    const isJson = !('toJSON' in value) && !Object.values(data).some(containsArrays)
    return isJson ? (Explanation.fromJSON(value) as unknown as GivenExplanation) : { meta, data }
  }
  if (typeof value === 'string') {
    return Explanation.fromJSON(value) as unknown as GivenExplanation
  }
  throw new InvalidArgumentError(
    'explanation',
    describe(value),
    'an Explanation, its JSON, or a promise of one',
  )
}

function containsArrays(value: unknown): boolean {
  return isNdArray(value) || (Array.isArray(value) && isNdArray(value[0]))
}
