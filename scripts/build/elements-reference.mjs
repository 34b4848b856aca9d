import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { format, resolveConfig } from 'prettier'
import { createManifest } from './elements-manifest.mjs'

const file = 'docs/embedding/elements-reference.md'
const start = '<!-- From the elements’ own docs: node scripts/build/elements-reference.mjs -->\n'

/**
 * Returns the reference page of the elements with new tables from their manifest.
 *
 * @param {string} page
 * @param {ReturnType<typeof createManifest>} manifest
 */
export async function withReference(page, manifest) {
  const elements = manifest.modules[0]?.declarations ?? []
  const [first] = elements
  const before = page.slice(0, page.indexOf(start))
  if (first === undefined || before === '')
    throw new Error(
      `${file}: got no line '${start.trim()}'; expected it where the reference begins.`,
    )
  const shared = new Set(sharedBy(elements))
  const reference = [
    '## All elements',
    tableOf(first, (name) => shared.has(name)),
    'Of these, `<gl-explainer>` has `labels`, `theme` and the custom properties.',
    ...elements.flatMap((element) => [
      `## \`<${element.tagName ?? ''}>\``,
      element.description ?? '',
      tableOf(element, (name) => !shared.has(name)),
    ]),
  ].join('\n\n')
  const options = await resolveConfig(file)
  return format(`${before}${start}\n${reference}\n`, { ...options, parser: 'markdown' })
}

/**
 * @typedef {import('@custom-elements-manifest/analyzer').Declaration} Declaration
 * @typedef {import('@custom-elements-manifest/analyzer').Named} Named
 */

/** The names that all elements for explanations have. @param {readonly Declaration[]} elements */
function sharedBy(elements) {
  const [first, ...others] = elements.filter(({ cssStates = [] }) => cssStates.length > 0)
  return namesOf(first).filter((name) => others.every((other) => namesOf(other).includes(name)))
}

/** @param {Declaration | undefined} element */
function namesOf(element) {
  return rowsOf(element).map(({ name }) => name)
}

/** @param {Declaration} element @param {(name: string) => boolean} isShown */
function tableOf(element, isShown) {
  const rows = rowsOf(element)
    .filter(({ name }) => isShown(name))
    .map(
      ({ kind, name, type, description }) =>
        `| ${kind} | \`${name}\` | ${escape(type)} | ${escape(description)} |`,
    )
  return ['| | name | type, default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

/** @param {Declaration | undefined} element */
function rowsOf({ attributes = [], members = [], events = [], ...css } = { name: '' }) {
  const { cssParts = [], cssStates = [], cssProperties = [] } = css
  const attributeNames = new Set(attributes.map(({ fieldName }) => fieldName))
  /** @param {Named} member */
  const kindOf = ({ name, kind }) =>
    kind === 'method' ? 'method' : attributeNames.has(name) ? 'attribute' : 'property'
  return [
    ...members.map((member) => rowOf(kindOf(member), member)),
    ...events.map((event) => rowOf('event', event)),
    ...cssParts.map((part) => rowOf('part', part)),
    ...cssStates.map((state) => rowOf('state', state)),
    ...cssProperties.map((property) => rowOf('CSS', property)),
  ]
}

/** @param {string} kind @param {Named} named */
function rowOf(kind, { name, type, default: initial, description = '' }) {
  const text = type?.text === undefined ? '' : `\`${type.text}\``
  return {
    kind,
    name,
    type: initial === undefined ? text : [text, `\`${initial}\``].filter(Boolean).join(', '),
    description: description.replaceAll(/\s+/g, ' '),
  }
}

/** @param {string} cell */
function escape(cell) {
  return cell.replaceAll('|', '\\|')
}

if (process.argv[1]?.endsWith('elements-reference.mjs') === true) {
  const page = readFileSync(file, 'utf8')
  writeFileSync(file, await withReference(page, createManifest()))
}
