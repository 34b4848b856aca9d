import type { Cell, Table } from '../base/table.js'
import { createScoreFormat } from './score-format.js'
import type { ShownExample } from './shown-example.js'
import type { SimilarityView } from './similarity-view.js'

const notKept = 'not kept'

/** The shown examples, for screen readers. */
export function createSimilarityTable(view: SimilarityView): Table {
  const { most, least } = view
  const format = createScoreFormat(view)
  const createRow =
    (end: string) =>
    (example: ShownExample, rank: number): Cell[] => [
      `${end} similar, ${rank + 1}`,
      ...listCells(example, view, format),
    ]
  return {
    caption: 'The most and least similar training examples',
    columns: ['place', 'training example', 'score', 'label', 'model says'],
    rows: [...most.map(createRow('most')), ...least.map(createRow('least'))],
  }
}

/** All numbers that are shown, including the class means. */
export function createSimilarityRecords(view: SimilarityView): Table {
  const { most, least, means, name } = view
  const createRow =
    (end: string) =>
    (example: ShownExample, rank: number): Cell[] => [
      end,
      rank + 1,
      ...listCells(example, view, (score) => score),
      1,
    ]
  return {
    caption: '',
    columns: ['what', 'rank', 'training example', 'score', 'label', 'model says', 'count'],
    rows: [
      ...most.map(createRow('most similar')),
      ...least.map(createRow('least similar')),
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

function listCells(
  { index, score, label, predicted }: ShownExample,
  { name }: SimilarityView,
  format: (score: number) => Cell,
): Cell[] {
  return [
    index === undefined ? notKept : `${index}`,
    score === undefined ? notKept : format(score),
    label === undefined ? '' : name(label),
    predicted === undefined ? '' : name(predicted),
  ]
}
