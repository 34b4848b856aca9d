import { InvalidArgumentError } from '../../errors.js'
import { describe } from '../../options.js'
import {
  findMagnitudeLimit,
  getAttributions,
  getExplainedExample,
  nameTarget,
  sumBySign,
} from '../base/attributions.js'
import type { GivenExplanation } from '../base/explanation-source.js'
import { type Channels, readChannels } from '../base/picture/channels.js'
import { readColumns } from '../base/series/series-columns.js'

/** The attributions of a time series. */
export interface SeriesAttributions {
  readonly features: readonly FeatureSeries[]
  /** The names of the time steps. */
  readonly times: readonly string[]
  /** The magnitude of the strongest colour. */
  readonly limit: number
  /** Whether some magnitudes exceed the limit. */
  readonly isClipped: boolean
  /** The name of the explained output; null if the model has a single output. */
  readonly target: string | null
}

/** One feature over time. */
export interface FeatureSeries {
  readonly index: number
  readonly name: string
  /** One per time step. */
  readonly attributions: Float64Array
  /** The example's values; null if they are unknown. */
  readonly values: Float64Array | null
  /** The sum of the positive attributions. */
  readonly forIt: number
  /** The magnitude of the sum of the negative attributions. */
  readonly againstIt: number
}

export interface SeriesOptions {
  readonly index: number
  readonly input: number
  readonly features: readonly string[]
  readonly times: readonly string[]
  readonly labels: readonly string[]
  readonly clip: number
  readonly channels: Channels | null
}

/**
 * @throws InvalidArgumentError if the attributions are not those of a time series, or the lists
 *   differ in length
 */
export function createSeriesAttributions(
  explanation: GivenExplanation,
  { index, input, features, times, labels, clip, channels }: SeriesOptions,
): SeriesAttributions {
  const given = getAttributions(explanation, input, index)
  if (given.shape.length !== 1 && given.shape.length !== 2) {
    throw new InvalidArgumentError(
      'attributions of the explanation',
      `${describe(given)} for an example`,
      "those of a time series, [time] or [time, features], or with channels 'first' [features, time]; " +
        'use <gl-attribution-image> for images',
    )
  }
  const axis = readChannels(channels, explanation, input)
  const columns = readColumns(given, axis)
  const stepCount = columns[0]?.length ?? 0
  checkLength('features', features, columns.length, 'feature')
  checkLength('times', times, stepCount, 'time step')
  const example = getExplainedExample(explanation, input, index)
  const isSame = example !== null && describe(example) === describe(given)
  const values = isSame ? readColumns(example, axis) : []
  const limit = findMagnitudeLimit(given.data, clip)
  return {
    features: columns.map((attributions, at) => ({
      index: at,
      name: features[at] ?? `feature ${at}`,
      attributions,
      values: values[at] ?? null,
      ...sumBySign(attributions),
    })),
    times: Array.from({ length: stepCount }, (_, step) => times[step] ?? `step ${step}`),
    limit,
    isClipped: findMagnitudeLimit(given.data, 100) > limit,
    target: nameTarget(explanation, index, labels),
  }
}

function checkLength(
  argument: string,
  names: readonly string[],
  count: number,
  what: string,
): void {
  if (names.length === 0 || names.length === count) return
  throw new InvalidArgumentError(argument, describe([...names]), `${count}, one per ${what}`)
}

/** The features of the greatest attributions, in the order of the data. */
export function selectFeatures(
  { features }: SeriesAttributions,
  top: number | null,
): readonly FeatureSeries[] {
  if (top === null || top >= features.length) return features
  const weight = ({ forIt, againstIt }: FeatureSeries): number => forIt + againstIt
  return [...features]
    .sort((a, b) => weight(b) - weight(a) || a.index - b.index)
    .slice(0, top)
    .sort((a, b) => a.index - b.index)
}
