import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'
import { isNdArray, type GivenExplanation } from '../base/explanation-source.js'
import type { ExampleKind } from '../similar-examples/similarity-view.js'

/** The tags of the elements that show an explanation, or a part of one. */
export type ViewTag =
  | 'gl-attribution-bars'
  | 'gl-attribution-image'
  | 'gl-attribution-series'
  | 'gl-attribution-text'
  | 'gl-probabilities'
  | 'gl-similar-examples'

/** An element that shows an explanation or the attributions of one input. */
export interface ExplanationView {
  readonly tag: ViewTag
  /** The index of the input or layer; undefined if the element shows all. */
  readonly input: number | undefined
  /** The name of the input or layer; '' if there is one. */
  readonly title: string
}

export interface ViewChoice {
  /** Null: it follows from the explanation. */
  readonly kind: ExampleKind | null
  /** The input or layer to show. Null: all. */
  readonly input: number | null
  readonly hasTokens: boolean
  readonly hasTimes: boolean
}

/**
 * The elements that show an explanation: similar examples for a ranking; for attributions one
 * element per input or layer; probabilities if there are only predictions.
 *
 * @throws InvalidArgumentError if no element shows it
 */
export function chooseViews(explanation: GivenExplanation, choice: ViewChoice): ExplanationView[] {
  const { data } = explanation
  if (isNdArray(data['scores']) && isNdArray(data['orderedIndices'])) {
    return [{ tag: 'gl-similar-examples', input: undefined, title: '' }]
  }
  const { attributions } = data
  const arrays = isNdArray(attributions) ? [attributions] : attributions
  if (Array.isArray(arrays) && arrays.length > 0 && arrays.every(isNdArray)) {
    const names = Array.isArray(data['attributionNames']) ? data['attributionNames'] : []
    const views = arrays.map((array, input) => ({
      tag: chooseAttributionTag(explanation, array, choice),
      input,
      title: arrays.length === 1 ? '' : String(names[input] ?? `input ${input}`),
    }))
    if (choice.input === null) return views
    const own = views[choice.input]
    if (own !== undefined) return [{ ...own, title: '' }]
    const expected = `0 … ${arrays.length - 1}, the index of an attributed input or layer`
    throw new InvalidArgumentError('input', String(choice.input), expected)
  }
  if (isNdArray(data['predictions'])) {
    return [{ tag: 'gl-probabilities', input: undefined, title: '' }]
  }
  throw new InvalidArgumentError(
    'explanation',
    `one with ${Object.keys(data).join(', ') || 'no data'}`,
    'one with scores and orderedIndices, with attributions, or with predictions',
  )
}

/**
 * By the number of axes of one example, and by what is known about its data; never by their
 * lengths.
 */
function chooseAttributionTag(
  { data }: GivenExplanation,
  { shape }: NdArray,
  { kind, hasTokens, hasTimes }: ViewChoice,
): ViewTag {
  const axes = shape.length - 1
  if (kind !== null) return tagsByKind[kind]
  if (hasTokens) return 'gl-attribution-text'
  if (hasTimes) return 'gl-attribution-series'
  if (axes === 1) return 'gl-attribution-bars'
  if (axes === 2) {
    const x: unknown = Array.isArray(data['x']) ? data['x'][0] : data['x']
    // A vector per element of a list: the embedding of a text's tokens.
    const isList = isNdArray(x) && x.shape.length === 2
    return isList ? 'gl-attribution-text' : 'gl-attribution-image'
  }
  if (axes === 3) return 'gl-attribution-image'
  throw new InvalidArgumentError(
    'attributions of the explanation',
    describe({ shape }),
    'one to three axes for each example: [examples, features], [examples, height, width, channels], …',
  )
}

const tagsByKind: Readonly<Record<ExampleKind, ViewTag>> = {
  image: 'gl-attribution-image',
  text: 'gl-attribution-text',
  tabular: 'gl-attribution-bars',
  series: 'gl-attribution-series',
}
