import type { Label, Labels } from '../elements/similar-examples/labels.js'
import type { Channels } from '../elements/base/picture/channels.js'
import { type Nouns, usualNouns } from '../elements/similar-examples/wording/nouns.js'
import type { ExampleKind } from '../elements/similar-examples/similarity-view.js'
import type { FrameSide } from '../frame/frame.js'

/** The side data of a frame as the still uses it; what has another type is left out. */
export interface SideOptions {
  readonly index: number
  readonly kind: ExampleKind | null
  readonly input: number | null
  readonly labels: readonly string[]
  readonly features: readonly string[]
  readonly tokens: readonly string[] | null
  readonly times: readonly string[]
  readonly channels: Channels | null
  readonly trainLabels: Labels
  readonly trainPredictions: Labels
  readonly predicted: Label | null
  readonly trainNames: readonly string[]
  readonly explainedIndex: number | null
  readonly nouns: Nouns
}

export function readSideOptions(side: FrameSide): SideOptions {
  const texts = (name: string): readonly string[] => {
    const value = side[name]
    return Array.isArray(value) ? value.map(String) : []
  }
  const number = (name: string): number | null => {
    const value = side[name]
    return typeof value === 'number' ? value : null
  }
  const { kind = null, channels = null, predicted = null, trainLabels = null } = side
  const tokens = texts('tokens')
  const nouns = texts('nouns')
  return {
    index: number('index') ?? 0,
    kind: kind as ExampleKind | null,
    input: number('input'),
    labels: texts('labels'),
    features: texts('features'),
    tokens: tokens.length === 0 ? null : tokens,
    times: texts('times'),
    channels: channels as Channels | null,
    trainLabels: trainLabels as Labels,
    trainPredictions: (side['trainPredictions'] ?? null) as Labels,
    predicted: predicted as Label | null,
    trainNames: texts('trainNames'),
    explainedIndex: number('explainedIndex'),
    nouns: nouns.length === 2 ? nouns : usualNouns,
  }
}
