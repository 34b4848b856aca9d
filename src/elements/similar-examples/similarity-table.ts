import type { Cell, Table } from '../base/table.js'
import type { ShownExample } from './shown-example.js'
import type { SimilarityView } from './similarity-view.js'

const notKept = 'not kept'

/** The examples that are shown, for screen readers. */
export function similarityTable(view: SimilarityView): Table {
  const { most, least } = view
  const row =
    (end: string) =>
    (example: ShownExample, rank: number): Cell[] => [
      `${end} similar, ${rank + 1}`,
      ...cellsOf(example, view),
    ]
  return {
    caption: 'The most and the least similar training examples',
    columns: ['place', 'training example', 'score', 'label', 'model says'],
    rows: [...most.map(row('most')), ...least.map(row('least'))],
  }
}

/** All numbers that are shown, the means of the classes too. */
export function similarityRecords(view: SimilarityView): Table {
  const { most, least, means, name } = view
  const row =
    (end: string) =>
    (example: ShownExample, rank: number): Cell[] => [end, rank + 1, ...cellsOf(example, view), 1]
  return {
    caption: '',
    columns: ['what', 'rank', 'training example', 'score', 'label', 'model says', 'count'],
    rows: [
      ...most.map(row('most similar')),
      ...least.map(row('least similar')),
      ...means.map(({ label, count, mean }): Cell[] => [
        'mean of class',
        '',
        '',
        count > 0 ? mean : '',
        name(label),
        '',
        count,
      ]),
    ],
  }
}

function cellsOf(
  { index, score, label, predicted }: ShownExample,
  { name }: SimilarityView,
): Cell[] {
  return [
    index === undefined ? notKept : String(index),
    score ?? notKept,
    label === undefined ? '' : name(label),
    predicted === undefined ? '' : name(predicted),
  ]
}
