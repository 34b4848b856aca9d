import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import * as elements from 'gradlens/elements'
import type { CSSResultOrNative, LitElement } from 'lit'
import { beforeAll, describe, expect, it } from 'vitest'
import { withReference } from '../../../scripts/build/elements-reference.mjs'
import { createManifest } from '../../../scripts/build/elements-manifest.mjs'

interface Described {
  readonly name: string
  readonly description?: string
}

interface ElementDescription extends Described {
  readonly tagName: string
  readonly attributes: readonly Described[]
  readonly members: readonly Described[]
  readonly events: readonly Described[]
  readonly cssParts: readonly Described[]
  readonly cssProperties: readonly Described[]
}

const folder = 'src/elements'
const classes = Object.entries(elements).filter(([name]) =>
  name.startsWith('Gl'),
) as unknown as readonly [string, typeof LitElement][]

let manifest: ReturnType<typeof createManifest>

beforeAll(() => {
  manifest = createManifest()
})

function descriptionOf(className: string): ElementDescription {
  const descriptions = manifest.modules[0]!.declarations as readonly object[]
  const found = (descriptions as readonly ElementDescription[]).find(
    ({ name }) => name === className,
  )
  if (found === undefined) throw new Error(`${className} is not in the manifest.`)
  return found
}

const namesOf = (described: readonly Described[]): string[] => described.map(({ name }) => name)

/** The sources of an element, and of what all share. */
function sourcesOf(className: string): string {
  const name = className
    .replace(/^Gl/, '')
    .replace(/[A-Z]/g, (letter, at) => `${at === 0 ? '' : '-'}${letter.toLowerCase()}`)
  return [name, ...(descriptionOf(className).events.some(isStateChange) ? ['base'] : [])]
    .flatMap((part) =>
      readdirSync(path.join(folder, part), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => path.join(folder, part, file)),
    )
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
}

const isStateChange = ({ name }: Described): boolean => name === 'gl-state-change'

it('lists every element, and where it is registered', () => {
  const definitions = manifest.modules[1]!.exports
  expect(definitions.map(({ declaration }) => declaration.name).sort()).toEqual(
    classes.map(([name]) => name).sort(),
  )
  const registered = readFileSync(path.join(folder, 'define.ts'), 'utf8').match(/'gl-[a-z-]+'/g)
  expect(definitions.map(({ name }) => `'${String(name)}'`).sort()).toEqual(registered?.sort())
})

it('is the content of the reference page: node scripts/build/elements-reference.mjs', async () => {
  const page = readFileSync('docs/embedding/elements-reference.md', 'utf8')
  expect(page).toBe(await withReference(page, manifest))
})

it('does not depend on the order in which the disk lists the files', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file))
    .sort()
  for (const order of [files, files.toReversed()]) {
    expect(JSON.stringify(createManifest(order))).toBe(JSON.stringify(manifest))
  }
})

describe.each(classes)('%s', (name, element) => {
  it('lists every attribute and property', () => {
    const { attributes, members } = descriptionOf(name)
    expect(namesOf(attributes).sort()).toEqual([...element.observedAttributes].sort())
    const properties = [...element.elementProperties]
      .filter(([, { state }]) => state !== true)
      .map(([property]) => property)
    expect(namesOf(members)).toEqual(expect.arrayContaining(properties))
    for (const { name: member, description } of members) expect(description, member).toBeTruthy()
  })

  it('lists every event', () => {
    const fired = new Set(sourcesOf(name).match(/'gl-[a-z]+-[a-z]+'(?=[,:])/g))
    const tags = new Set(classes.map(([each]) => `'${descriptionOf(each).tagName}'`))
    const events = namesOf(descriptionOf(name).events).map((event) => `'${event}'`)
    expect(events).toEqual(expect.arrayContaining([...fired].filter((event) => !tags.has(event))))
  })

  it('lists every part', () => {
    const parts = new Set(
      [...sourcesOf(name).matchAll(/\spart="([a-z-]+)"/g)].map(([, part]) => part),
    )
    expect(namesOf(descriptionOf(name).cssParts)).toEqual(
      expect.arrayContaining([...parts].filter((part) => part !== 'bar')),
    )
  })

  it('lists every custom property that it takes', () => {
    const css = (element.elementStyles as readonly CSSResultOrNative[]).map(String).join('\n')
    const properties = new Set(css.match(/--gl-[a-z-]+/g))
    expect(namesOf(descriptionOf(name).cssProperties).sort()).toEqual([...properties].sort())
  })
})
