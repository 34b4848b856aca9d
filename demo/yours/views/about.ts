import { formatBytes, formatCount } from 'gradlens/elements'
import { create } from '../../dom.js'
import { lossLabels } from '../data/losses.js'
import { describeInputKind, findInputKind } from '../models/input-kind.js'
import { describeParts } from '../models/join-inputs.js'
import type { ModelFacts } from '../models/model-facts.js'
import { formatShape } from '../models/opened-model.js'
import type { Matched } from '../session.js'
import type { DataFacts } from '../workshop/data-facts.js'

/** The model in one line. */
export const describeModel = ({ format, name, byteLength }: ModelFacts): HTMLElement[] => [
  create('p', '', create('strong', '', name), `: ${format}, ${formatBytes(byteLength)}.`),
]

/** What the model takes and gives, and its layers to fold out. */
export function describeInside(facts: ModelFacts): HTMLElement[] {
  const { outputs, parameters, layers, classNames } = facts
  const numbers = parameters.reduce((sum, { count }) => sum + count, 0)
  const lines = [
    create(
      'p',
      '',
      `Takes ${describeTakes(facts)}. Gives ${outputs.map(describeOutput).join('; ')}.`,
    ),
  ]
  if (classNames.length > 0) lines.push(create('p', '', `Classes: ${listSome(classNames)}.`))
  const rows = layers.map(({ name: layer, kind, shape }) =>
    create('tr', '', cell(layer), cell(kind), cell(shape)),
  )
  const header = create('tr', '', ...['Layer', 'Kind', 'Output'].map((text) => head(text)))
  const table = create(
    'table',
    'figures',
    create('thead', '', header),
    create('tbody', '', ...rows),
  )
  const scroll = create('div', 'scroll', table)
  scroll.tabIndex = 0
  scroll.setAttribute('role', 'group')
  scroll.setAttribute('aria-label', 'Layers')
  return [
    ...lines,
    create(
      'details',
      'fold',
      create('summary', '', `${countOf(layers.length, 'layer')}, ${countOf(numbers, 'parameter')}`),
      scroll,
    ),
  ]
}

function describeTakes(facts: ModelFacts): string {
  const takes = describeInputKind(findInputKind(facts), facts.text)
  return facts.parts === undefined ? takes : `${takes}: ${describeParts(facts.parts)}`
}

function describeOutput({ name, shape, activation }: ModelFacts['outputs'][number]): string {
  const size = shape === undefined ? 'an unknown shape' : formatShape(shape)
  const end = activation === 'none' ? '' : ` after ${activation}`
  return shape?.length === 1 && shape[0] === 1
    ? `one number${end} (${name})`
    : `${size} numbers${end} (${name})`
}

/** What is known of the examples. */
export function describeExamples(facts: DataFacts): HTMLElement[] {
  const line = (...content: (string | Node)[]): HTMLElement => create('p', '', ...content)
  switch (facts.kind) {
    case 'pictures':
      return [
        line(
          create('strong', '', countOf(facts.count, 'picture')),
          create('span', 'more', describeFolders(facts.folders)),
        ),
      ]
    case 'table':
      return [
        line(
          create('strong', '', countOf(facts.count, 'row')),
          ` of ${facts.source}`,
          create('span', 'more', `, with the columns ${listColumns(facts)}.`),
        ),
      ]
    case 'arrays':
      return [
        line(
          create('strong', '', countOf(facts.count, 'example')),
          ` of ${formatShape(facts.shape)} ${facts.isBytes ? 'bytes' : 'numbers'}, ${facts.hasLabels ? 'with labels' : 'without labels (drop y.npy with them)'}.`,
        ),
      ]
  }
}

/** How the examples fit the model, and by what they are compared. */
export function describeMatch(
  { choices, encoded, loss }: Matched,
  scaling: string,
): readonly HTMLElement[] {
  const rest = [
    scaling,
    `Loss: ${(lossLabels[loss] ?? loss).toLowerCase()}.`,
    ...(choices.parameters === null ? [] : [`Gradients of ${choices.parameters} only.`]),
    ...(encoded.labelKind === 'none'
      ? ['The data has no labels, so the model’s own answers are used.']
      : []),
    ...encoded.problems,
  ]
  return [
    create(
      'p',
      '',
      `${countOf(encoded.count, 'example')} fit the model`,
      create('span', 'more', ` and take ${formatBytes(encoded.byteLength)} as numbers`),
      `. ${rest.join(' ')}`,
    ),
  ]
}

const listColumns = ({ columns }: DataFacts & { kind: 'table' }): string =>
  listSome(
    columns.map(({ name }) => name),
    12,
  )

function describeFolders(folders: readonly { name: string; count: number }[]): string {
  if (folders.length === 0) return ', in no folders, so without classes.'
  const list = listSome(folders.map(({ name, count }) => `${name} (${count})`))
  return ` in ${countOf(folders.length, 'folder')}: ${list}.`
}

/** Some of a list in words: 'a, b, c and 4 more'. */
export function listSome(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}

/** '1 row', '1,200 rows'. */
export const countOf = (count: number, one: string): string =>
  `${formatCount(count)} ${one}${count === 1 ? '' : 's'}`

const cell = (text: string): HTMLElement => create('td', '', text)

function head(text: string): HTMLElement {
  const header = create('th', '', text)
  header.scope = 'col'
  return header
}
