import { readFileSync } from 'node:fs'
import path from 'node:path'
import {
  Application,
  Converter,
  LiteralType,
  OptionDefaults,
  ReflectionKind,
  UnionType,
} from 'typedoc'
import { root } from '../checks/command.mjs'

/** Tags of the elements' docs, which the guide to the elements shows in its tables. */
const elementTags = /** @type {const} */ ([
  '@attr',
  '@cssprop',
  '@csspart',
  '@cssstate',
  '@fires',
  '@slot',
  '@tagname',
])

/** Types that declarations name, of which users need no description. */
const internalTypes = /** @type {const} */ ([
  'src/elements/explainer/structural-explainers.ts:Model',
  'src/elements/global.ts:ElementsKit',
  'src/elements/properties.ts:ElementTag',
  'src/elements/properties.ts:EventListeners',
  'src/elements/properties.ts:SettableProperties',
  'src/elements/vue.ts:VueListeners',
  'src/errors.ts:ErrorsByName',
  'src/explanation.ts:ExplanationBase',
  'src/influence/tracin-options.ts:optionNames',
  'src/store/zarr/reading/chunk-reader.ts:ChunkReadOptions',
  'src/worker/messages.ts:FromWorker',
  'src/worker/messages.ts:ToWorker',
  'src/worker/messages.ts:WorkerScope',
  'src/worker/remote-explainer.ts:RemoteExamples',
  'src/worker/remote-influence.ts:ExplainOptions',
])

/** Members of the elements for Lit. */
const ofLit = new Set(['connectedCallback', 'disconnectedCallback', 'properties', 'styles'])

/** What must have a doc comment. So must the properties of options: see `warnOfOptions`. */
const documentedKinds = /** @type {const} */ ([
  'Variable',
  'Function',
  'Class',
  'Interface',
  'Method',
  'Accessor',
  'TypeAlias',
])

/**
 * Returns the source of each entry of package.json that has declarations, by the name that users
 * import.
 *
 * @returns {Map<string, string>}
 */
export function findEntries() {
  const { name, exports } =
    /** @type {{ name: string, exports: Record<string, string | { types: string }> }} */ (
      JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    )
  return new Map(
    Object.entries(exports).flatMap(([key, entry]) =>
      typeof entry === 'string'
        ? []
        : [
            [
              path.posix.join(name, key),
              entry.types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts'),
            ],
          ],
    ),
  )
}

/**
 * Writes the API reference of every entry as Markdown.
 *
 * @param {string} folder where to write it
 * @throws Error if TypeDoc has a warning
 */
export async function writeApiReference(folder) {
  const entries = findEntries()
  /** @type {Readonly<Record<string, unknown>>} */
  const pluginOptions = {
    docsRoot: path.dirname(folder),
    entryFileName: 'index',
    hideBreadcrumbs: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    useCodeBlocks: true,
    // Doc comments name the defaults. Without these columns, the tables fit on more screens.
    tableColumnSettings: {
      hideDefaults: true,
      hideInherited: true,
      hideModifiers: true,
      hideOverrides: true,
    },
    pageTitleTemplates: { member: memberTitle },
  }
  const app = await Application.bootstrapWithPlugins({
    entryPoints: [...entries.values()].map((file) => path.join(root, file)),
    tsconfig: path.join(root, 'tsconfig.docs.json'),
    plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
    out: folder,
    name: 'API',
    // The check of the types finds the errors.
    skipErrorChecking: true,
    readme: 'none',
    disableSources: true,
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeProtected: true,
    hideGenerator: true,
    ...pluginOptions,
    sort: ['kind', 'source-order'],
    blockTags: [...OptionDefaults.blockTags, ...elementTags],
    excludeTags: [...OptionDefaults.excludeTags, ...elementTags],
    intentionallyNotExported: [...internalTypes],
    requiredToBeDocumented: [...documentedKinds],
    validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: true },
  })
  const names = new Map([...entries].map(([name, file]) => [moduleName(file), name]))
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    const { project } = context
    for (const module of project.children ?? []) module.name = names.get(module.name) ?? module.name
    for (const kind of [ReflectionKind.Property, ReflectionKind.Method]) {
      for (const member of project.getReflectionsByKind(kind)) {
        if (ofLit.has(member.name)) project.removeReflection(member)
      }
    }
    showNames(context)
  })
  const project = await app.convert()
  if (project === undefined) throw new Error('TypeDoc could not read the sources.')
  app.validate(project)
  warnOfOptions(app, project)
  await app.generateOutputs(project)
  const { errorCount, warningCount } = app.logger
  if (errorCount + warningCount > 0) {
    throw new Error(`The API reference has ${errorCount} errors and ${warningCount} warnings.`)
  }
}

/**
 * Warns of options without a doc comment.
 *
 * @param {Application} app
 * @param {import('typedoc').ProjectReflection} project
 */
function warnOfOptions(app, project) {
  for (const property of project.getReflectionsByKind(ReflectionKind.Property)) {
    const isOption = property.parent?.name.endsWith('Options') === true
    if (isOption && !property.hasComment()) {
      app.logger.warn(`${property.getFullName()} does not have any documentation`)
    }
  }
}

/**
 * Shows a type such as `(typeof names)[number]` as the names.
 *
 * @param {import('typedoc').Context} context
 */
function showNames(context) {
  const checker = context.programs[0]?.getTypeChecker()
  for (const alias of context.project.getReflectionsByKind(ReflectionKind.TypeAlias)) {
    if (!alias.isDeclaration() || alias.type?.type !== 'indexedAccess') continue
    const symbol = context.getSymbolFromReflection(alias)
    const type = symbol === undefined ? undefined : checker?.getDeclaredTypeOfSymbol(symbol)
    const types = type?.isUnion() === true ? type.types : [type]
    const names = types.flatMap((each) =>
      each?.isStringLiteral() === true ? [new LiteralType(each.value)] : [],
    )
    if (names.length > 0) alias.type = new UnionType(names)
  }
}

/** A title without type parameters, which break on phones. @param {{ kind: string, name: string }} page */
function memberTitle({ kind, name }) {
  return `${kind}: ${name.replace(/\\?<.*/s, '')}`
}

/** TypeDoc's name of an entry: its path without the common folder. @param {string} file */
function moduleName(file) {
  return file.replace(/^src\//, '').replace(/(?:\/index)?\.ts$/, '')
}
