import type { Cell, Table } from '../base/table.js'
import { createScoreFormat } from './wording/score-format.js'
import { capitalize } from '../text/words.js'
import type { Measure } from './wording/measure.js'
import type { ShownExample } from './shown-example.js'
import type { SimilarityView } from './similarity-view.js'

const notKept = 'not kept'

/** The shown examples, for screen readers. */
export function createSimilarityTable(view: SimilarityView): Table {
  const { most, least, measure, nouns } = view
  const titles = lowerTitles(measure)
  const format = createScoreFormat(view)
  const createRow =
    (end: string) =>
    (example: ShownExample, rank: number): Cell[] => [
      `${end}, ${rank + 1}`,
      ...listCells(example, view, format),
    ]
  return {
    caption: `${capitalize(nouns.many)}: ${titles.most}${least.length === 0 ? '' : `, ${titles.least}`}`,
    columns: ['place', nouns.one, 'score', 'label', 'model says'],
    rows: [...most.map(createRow(titles.most)), ...least.map(createRow(titles.least))],
  }
}

/** All numbers that are shown, including the class means. */
export function createSimilarityRecords(view: SimilarityView): Table {
  const { most, least, means, name, measure, nouns } = view
  const titles = lowerTitles(measure)
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
    columns: ['what', 'rank', nouns.one, 'score', 'label', 'model says', 'count'],
    rows: [
      ...most.map(createRow(titles.most)),
      ...least.map(createRow(titles.least)),
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

const lowerTitles = ({ titles }: Measure): Measure['titles'] => ({
  most: titles.most.toLowerCase(),
  least: titles.least.toLowerCase(),
})

function listCells(
  { index, name: ownName, score, label, predicted }: ShownExample,
  { name }: SimilarityView,
  format: (score: number) => Cell,
): Cell[] {
  return [
    ownName ?? (index === undefined ? notKept : `${index}`),
    score === undefined ? notKept : format(score),
    label === undefined ? '' : name(label),
    predicted === undefined ? '' : name(predicted),
  ]
}
