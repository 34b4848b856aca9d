import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { create, ts } from '@custom-elements-manifest/analyzer'
import { litPlugin } from '@custom-elements-manifest/analyzer/src/features/framework-plugins/lit/lit.js'

/** @typedef {import('@custom-elements-manifest/analyzer').Declaration} Declaration */

const folder = 'src/elements'

const lists = /** @type {const} */ ([
  'attributes',
  'members',
  'events',
  'cssParts',
  'cssStates',
  'cssProperties',
])

/** The elements' sources, in the order of the file system. */
function sourceFiles() {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.posix.join(folder, ...file.split(path.sep)))
}

/**
 * Creates the package's custom elements manifest from the elements' docs. It lists what users can
 * set, call, listen to and style, with the module names of the built package. The order of the
 * files doesn't matter.
 */
export function createManifest(files = sourceFiles()) {
  const sources = files
    .toSorted()
    .map((file) =>
      ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2015, true),
    )
  const { schemaVersion, modules } = create({
    modules: sources,
    plugins: litPlugin(),
    context: { dev: false, thirdPartyCEMs: [] },
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
   * Adds the custom properties of the elements that an element contains.
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
 * Leaves out internal members and the places of declarations.
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
  writeFileSync(file, `${JSON.stringify(createManifest(), null, 2)}\n`)
}
