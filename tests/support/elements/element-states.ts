import {
  carExplanation,
  carFeatures,
  digitAnswer,
  digitExplanation,
  reviewExplanation,
  reviewTokens,
  severalInputsExplanation,
  weatherExplanation,
  weatherFeatures,
} from './element-fixtures.js'
import { similarExamplesStates } from './similar-states.js'

const longName =
  'the longest name that anybody has given to a class of things, Donaudampfschifffahrtsgesellschaft'
const hostileName = '<img src=x onerror="document.title = 1"> & "quoted"'
const digits = Array.from({ length: 10 }, (_, digit) => String(digit))
const longNames = digits.map((digit) =>
  digit === '8' ? longName : digit === '3' ? hostileName : digit,
)

/** An element on the page, with its properties and what happens to it. */
export interface ShownElement {
  readonly title: string
  readonly tag: string
  readonly properties: Readonly<Record<string, unknown>>
  /** Never gets its next result, after the first one if it has one. */
  readonly isWaiting: boolean
}

export function everyElementInEveryState(): readonly ShownElement[] {
  const digit = { explanation: digitExplanation() }
  const review = {
    explanation: reviewExplanation(),
    tokens: ['', '', ...reviewTokens],
    labels: ['negative', 'positive'],
  }
  const car = { explanation: carExplanation(), features: carFeatures }
  const weather = {
    explanation: weatherExplanation(),
    features: weatherFeatures,
    labels: ['no rain', 'rain'],
  }
  const wrong = { explanation: '{"meta": 1}' }
  return [
    of('gl-probabilities', 'ready', { ...digit, truth: 3, labels: digits }),
    of('gl-probabilities', 'to choose from', {
      ...digit,
      labels: digits,
      selectable: true,
      selected: 3,
      selectedNote: 'in the map',
      truth: 3,
    }),
    of('gl-probabilities', 'empty', {}),
    of('gl-probabilities', 'empty, with names', { labels: digits.slice(0, 3) }),
    of('gl-probabilities', 'waiting', { labels: digits.slice(0, 3) }, true),
    of('gl-probabilities', 'waiting for the next', { ...digit, top: 3 }, true),
    of('gl-probabilities', 'error', { predictions: [2.3, -1.2] }),
    of('gl-probabilities', 'long names', { predictions: digitAnswer, labels: longNames, truth: 3 }),
    of('gl-attribution-image', 'side by side', { ...digit, ink: true, controls: true }),
    of('gl-attribution-image', 'overlay', { ...digit, ink: true, layout: 'overlay' }),
    of('gl-attribution-image', 'masked', { ...digit, ink: true, layout: 'masked' }),
    of('gl-attribution-image', 'the map, RdBu', { ...digit, layout: 'map', palette: 'RdBu' }),
    of('gl-attribution-image', 'positive', { ...digit, sign: 'positive', layout: 'map' }),
    of('gl-attribution-image', 'negative', { ...digit, sign: 'negative', layout: 'map' }),
    of('gl-attribution-image', 'empty', {}),
    of('gl-attribution-image', 'waiting', {}, true),
    of('gl-attribution-image', 'waiting for the next', { ...digit, layout: 'map' }, true),
    of('gl-attribution-image', 'error', car),
    of('gl-attribution-image', 'long names', { ...digit, labels: longNames }),
    of('gl-attribution-text', 'ready', review),
    of('gl-attribution-text', 'RdBu', { ...review, palette: 'RdBu' }),
    of('gl-attribution-text', 'empty', {}),
    of('gl-attribution-text', 'waiting', { tokens: reviewTokens }, true),
    of('gl-attribution-text', 'waiting for the next', review, true),
    of('gl-attribution-text', 'error', { ...review, tokens: ['one', 'word'] }),
    of('gl-attribution-text', 'long words', {
      ...review,
      tokens: ['', longName.replaceAll(' ', '-'), hostileName, ...reviewTokens.slice(1)],
      labels: ['negative', hostileName],
    }),
    of('gl-attribution-bars', 'ready', car),
    of('gl-attribution-bars', 'RdBu, the first three', { ...car, palette: 'RdBu', top: 3 }),
    of('gl-attribution-bars', 'empty', {}),
    of('gl-attribution-bars', 'waiting', { features: carFeatures.slice(0, 3) }, true),
    of('gl-attribution-bars', 'waiting for the next', car, true),
    of('gl-attribution-bars', 'error', wrong),
    of('gl-attribution-bars', 'long names', {
      ...car,
      features: [longName, hostileName, ...carFeatures.slice(2)],
    }),
    of('gl-attribution-series', 'ready', weather),
    of('gl-attribution-series', 'RdBu, the first one', { ...weather, palette: 'RdBu', top: 1 }),
    of('gl-attribution-series', 'empty', {}),
    of('gl-attribution-series', 'waiting', {}, true),
    of('gl-attribution-series', 'waiting for the next', weather, true),
    of('gl-attribution-series', 'error', { ...weather, features: ['one'] }),
    of('gl-attribution-series', 'long names', {
      ...weather,
      features: [longName, hostileName, 'humidity'],
      labels: [longName, hostileName],
    }),
    of('gl-explanation', 'an image', { ...digit, options: { ink: true, layout: 'overlay' } }),
    of('gl-explanation', 'two inputs', {
      explanation: severalInputsExplanation(),
      labels: ['negative', 'positive'],
    }),
    of('gl-explanation', 'empty', {}),
    of('gl-explanation', 'waiting for the next', car, true),
    of('gl-explanation', 'error', wrong),
    ...similarExamplesStates.map(([state, properties, isWaiting]) =>
      of('gl-similar-examples', state, properties, isWaiting),
    ),
  ]
}

function of(
  tag: string,
  state: string,
  properties: ShownElement['properties'],
  isWaiting = false,
): ShownElement {
  return { title: `${tag}: ${state}`, tag, properties, isWaiting }
}
