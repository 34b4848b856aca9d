import {
  exampleLabels,
  examplePredictions,
  exampleScores,
  rankingJson,
} from '../gradients/ranking-fixtures.js'

/** A picture of 8 × 8 pixels: a bar at the place of its class, with a little noise. */
const bars = exampleLabels.map((label, example) =>
  Array.from({ length: 8 }, (_, row) =>
    Array.from({ length: 8 }, (_, column) => {
      const isBar =
        label === 0 ? row === 3 || row === 4 : label === 1 ? column === 4 : row === column
      return isBar ? 1 : ((row * 7 + column * 3 + example * 5) % 11) / 50
    }),
  ),
)
const sentences = exampleScores.map((_, i) =>
  i % 3 === 0 ? 'Works well.' : 'The battery lasts long, and I would buy it again. '.repeat(i + 1),
)
const cars = exampleScores.map((_, i) => [70 + i, 8 - (i % 4), 130.5 + i * 3.1, 3504 - i * 13])
const days = exampleScores.map((_, i) =>
  Array.from({ length: 24 }, (_, hour) => [
    12 + 6 * Math.sin(((hour - 8 - i) / 24) * 2 * Math.PI),
    1013 - 0.3 * hour * (i % 3),
    hour === 5 && i === 6 ? NaN : 70 + i,
  ]),
)
const longest =
  'the longest name that anybody has given to a class of things, Donaudampfschifffahrtsgesellschaft'
const hostile = '<img src=x onerror="document.title = 1"> & "quoted"'

const pictures = rankingJson(exampleScores, { examples: bars })
const labelled = {
  trainLabels: exampleLabels,
  trainPredictions: examplePredictions,
  labels: ['horizontal', 'vertical', 'falling'],
  predicted: 1,
}

/** The states of `<gl-similar-examples>` to check: names, properties, and whether it waits. */
export const similarExamplesStates: readonly (readonly [
  state: string,
  properties: Readonly<Record<string, unknown>>,
  isWaiting?: boolean,
])[] = [
  ['pictures', { ...labelled, explanation: pictures, ink: true }],
  ['to choose from', { ...labelled, explanation: pictures, selectable: true, selected: 2 }],
  ['without labels', { explanation: pictures }],
  ['texts', { ...labelled, explanation: pictures, examples: sentences, selectable: true }],
  [
    'rows',
    {
      explanation: rankingJson(exampleScores, {
        examples: cars,
        params: { task_name: 'regression' },
      }),
      trainLabels: exampleScores.map((_, i) => 18.2 + i),
      trainPredictions: exampleScores.map((_, i) => 17.953 + i),
      features: ['year', 'cylinders', 'displacement (in³)', 'weight (lb)'],
    },
  ],
  [
    'time series',
    { ...labelled, explanation: rankingJson(exampleScores, { examples: days }), kind: 'series' },
  ],
  ['empty', {}],
  ['empty, of pictures', { kind: 'image' }],
  ['waiting for the next', { ...labelled, explanation: pictures, ink: true }, true],
  ['error', { explanation: pictures, index: 3 }],
  [
    'long names',
    { ...labelled, explanation: pictures, labels: [longest, hostile, longest], selectable: true },
  ],
]
