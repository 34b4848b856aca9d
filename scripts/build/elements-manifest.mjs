import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { cli } from '@custom-elements-manifest/analyzer/cli.js'

/** @typedef {import('@custom-elements-manifest/analyzer/cli.js').Declaration} Declaration */

const lists = /** @type {const} */ ([
  'attributes',
  'members',
  'events',
  'cssParts',
  'cssStates',
  'cssProperties',
])

/**
 * The custom elements manifest of the package, from the elements' docs: what a user of them can set, call, hear and
 * style, by the names of the built package.
 */
export async function createManifest() {
  const { schemaVersion, modules } = await cli({
    argv: ['analyze', '--litelement', '--quiet', '--globs', 'src/elements/**/*.ts'],
    noWrite: true,
  })
  const declarations = modules.flatMap(({ declarations = [] }) => declarations)
  const tokens = declarations.find(({ name }) => name === 'GlElement')?.cssProperties ?? []
  const elements = declarations.filter(({ tagName }) => tagName !== undefined).map(withTokens)
  return {
    schemaVersion,
    readme: 'README.md',
    modules: [
      {
        kind: 'javascript-module',
        path: 'dist/elements.js',
        declarations: elements.map(forUsers),
        exports: elements.map(({ name }) => ({
          kind: 'js',
          name,
          declaration: { name, module: 'dist/elements.js' },
        })),
      },
      {
        kind: 'javascript-module',
        path: 'dist/elements/define.js',
        declarations: [],
        exports: elements.map(({ name, tagName }) => ({
          kind: 'custom-element-definition',
          name: tagName,
          declaration: { name, module: 'dist/elements.js' },
        })),
      },
    ],
  }

  /**
   * An element that is made of others has their tokens too.
   *
   * @param {Declaration} element
   */
  function withTokens(element) {
    const own = element.cssProperties ?? []
    const others = tokens.filter(({ name }) => !own.some((each) => each.name === name))
    return { ...element, cssProperties: [...own, ...others] }
  }
}

/**
 * Without what only the elements themselves may use, and where it stands in the sources.
 *
 * @param {Declaration} element
 */
function forUsers(element) {
  const hidden = new Set(
    (element.members ?? []).filter((member) => !isForUsers(member)).map(({ name }) => name),
  )
  const shown = Object.fromEntries(
    lists.map((list) => [
      list,
      (element[list] ?? [])
        .filter((each) => isForUsers(each) && !hidden.has(each.name))
        .map((each) => ({ ...each, inheritedFrom: undefined })),
    ]),
  )
  return { ...element, ...shown, superclass: { name: 'LitElement', package: 'lit' } }
}

/** @param {{ readonly name: string, readonly privacy?: string }} named */
function isForUsers({ name, privacy }) {
  return !name.startsWith('#') && privacy !== 'private' && privacy !== 'protected'
}

const [, script = '', file] = process.argv
if (script.endsWith('manifest.mjs') && file !== undefined) {
  writeFileSync(file, `${JSON.stringify(await createManifest(), null, 2)}\n`)
}
