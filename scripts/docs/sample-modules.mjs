import { readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { root } from '../checks/command.mjs'
import { findEntries } from './api-reference.mjs'

/** @typedef {import('./samples.mjs').Sample} Sample */

/** The module with the values that samples use without declaring them, such as `model`. */
const namesFile = 'tests/support/docs/names.ts'

/**
 * Returns the samples of a page as one module, which can be compiled and run. Each sample sees what
 * those before it import and declare, the names of tests/support/docs/names.ts, and those of the
 * package.
 *
 * @param {readonly Sample[]} samples
 * @param {string} folder the module's, from the repository's root
 * @param {(entry: string) => boolean} isKnown the entries whose names need no import
 */
export function createModule(samples, folder, isKnown) {
  const known = exportsOf(namesFile)
  const packageNames = findPackageNames(isKnown)
  /** @type {Map<string, Set<string>>} */
  const imports = new Map()
  /** @param {string} from @param {string} clause */
  const add = (from, clause) => {
    imports.set(from, (imports.get(from) ?? new Set()).add(clause))
  }
  const visible = new Set()
  const blocks = samples.map(({ file, line, code }) => {
    const { imported, rest, declared, used } = analyse(code)
    for (const { from, clause } of imported) add(from, clause)
    for (const name of declared) visible.add(name)
    for (const name of used) {
      if (visible.has(name)) continue
      if (known.has(name)) add(relativeTo(folder, namesFile), name)
      else {
        const entry = packageNames.get(name)
        if (entry !== undefined) add(entry, name)
      }
    }
    const names = [...declared].filter((name) => !imported.some(({ clause }) => ends(clause, name)))
    return `// ${file}:${line}\n{\n${rest}\nvoid [${names.join(', ')}]\n`
  })
  const clauses = [...imports].flatMap(([from, each]) => writeImports(from, [...each]))
  const values = [...imports.values()].flatMap((each) => [...each].flatMap(valueOf))
  return [
    ...clauses,
    'export async function run(): Promise<void> {',
    `void [${values.join(', ')}]`,
    ...blocks,
    '}'.repeat(blocks.length),
    'await Promise.resolve()',
    '}',
  ].join('\n')
}

/** @param {string} clause @param {string} name */
const ends = (clause, name) => clause === name || clause.endsWith(` ${name}`)

/** The value that an import defines: none for a type. @param {string} clause */
function valueOf(clause) {
  return clause === '' || clause.startsWith('type ') ? [] : [clause.split(' ').at(-1)]
}

/** @param {string} from @param {readonly string[]} clauses */
function writeImports(from, clauses) {
  const isWhole = (/** @type {string} */ clause) => /^(?:\* as|default:)/.test(clause)
  const named = clauses.filter((clause) => clause !== '' && !isWhole(clause))
  return [
    ...clauses.filter((clause) => clause === '').map(() => `import '${from}'`),
    ...clauses
      .filter(isWhole)
      .map((clause) => `import ${clause.replace('default: ', '')} from '${from}'`),
    ...(named.length === 0 ? [] : [`import { ${named.join(', ')} } from '${from}'`]),
  ]
}

/** @param {string} folder @param {string} file */
function relativeTo(folder, file) {
  const relative = path.posix.relative(folder, file).replace(/\.ts$/, '.js')
  return relative.startsWith('.') ? relative : `./${relative}`
}

/**
 * Splits a sample into its imports and the rest, and finds the names that it declares and uses.
 *
 * @param {string} code
 */
function analyse(code) {
  const source = parse('sample.ts', code)
  /** @type {{ from: string, clause: string }[]} */
  const imported = []
  /** @type {Set<string>} */
  const declared = new Set()
  let rest = code
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      const from = /** @type {ts.StringLiteral} */ (statement.moduleSpecifier).text
      const clauses = clausesOf(statement.importClause)
      for (const clause of clauses) {
        imported.push({ from, clause })
        declared.add(clause.split(' ').at(-1) ?? '')
      }
      // Blank, so that lines stay where they are.
      const text = code.slice(statement.getStart(source), statement.end)
      rest = rest.replace(text, text.replaceAll(/[^\n]/g, ''))
    } else {
      for (const name of declaredBy(statement)) declared.add(name)
    }
  }
  return { imported, rest, declared, used: findUsed(source) }
}

/** @param {ts.ImportClause | undefined} clause @returns {string[]} */
function clausesOf(clause) {
  if (clause === undefined) return ['']
  const bindings = clause.namedBindings
  const isType = clause.phaseModifier === ts.SyntaxKind.TypeKeyword
  return [
    ...(clause.name === undefined ? [] : [`default: ${clause.name.text}`]),
    ...(bindings === undefined
      ? []
      : ts.isNamespaceImport(bindings)
        ? [`* as ${bindings.name.text}`]
        : bindings.elements.map((each) => `${isType ? 'type ' : ''}${each.getText()}`)),
  ]
}

/** @param {ts.Statement} statement @returns {string[]} */
function declaredBy(statement) {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => namesOf(name))
  }
  const isValue = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)
  return isValue && statement.name !== undefined ? [statement.name.getText()] : []
}

/** @param {ts.BindingName} name @returns {string[]} */
function namesOf(name) {
  if (ts.isIdentifier(name)) return [name.text]
  return name.elements.flatMap((each) => (ts.isBindingElement(each) ? namesOf(each.name) : []))
}

/** The names that a source reads, and that no function in it declares. @param {ts.SourceFile} source */
function findUsed(source) {
  /** @type {Set<string>} */
  const used = new Set()
  /** @param {ts.Node} node @param {ReadonlySet<string>} local */
  const visit = (node, local) => {
    if (ts.isIdentifier(node)) {
      if (!isOnlyName(node) && !local.has(node.text)) used.add(node.text)
      return
    }
    const added = ts.isFunctionLike(node)
      ? node.parameters.flatMap(({ name }) => namesOf(name))
      : ts.isBlock(node)
        ? node.statements.flatMap(declaredBy)
        : []
    const inner = added.length === 0 ? local : new Set([...local, ...added])
    ts.forEachChild(node, (child) => {
      visit(child, inner)
    })
  }
  visit(source, new Set())
  return used
}

/** True for an identifier that reads no variable. @param {ts.Identifier} node */
function isOnlyName(node) {
  const { parent } = node
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    ((ts.isPropertyAssignment(parent) || ts.isParameter(parent)) && parent.name === node) ||
    (ts.isVariableDeclaration(parent) && parent.name === node) ||
    (ts.isBindingElement(parent) && (parent.propertyName ?? node) === node) ||
    (ts.isBindingElement(parent) && parent.name === node)
  )
}

/** The names that a module exports, types included. @param {string} file */
function exportsOf(file) {
  const source = parse(file, readFileSync(path.join(root, file), 'utf8'))
  const names = source.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause
      if (clause !== undefined && ts.isNamespaceExport(clause)) return [clause.name.text]
      return clause !== undefined && ts.isNamedExports(clause) && !statement.isTypeOnly
        ? clause.elements.map(({ name }) => name.text)
        : []
    }
    const isExported =
      ts.canHaveModifiers(statement) &&
      (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    return isExported ? declaredBy(statement) : []
  })
  return new Set(names)
}

/**
 * The entry of each name that the package exports.
 *
 * @param {(entry: string) => boolean} isKnown
 * @returns {Map<string, string>}
 */
function findPackageNames(isKnown) {
  const entries = [...findEntries()].filter(([entry]) => isKnown(entry)).reverse()
  return new Map(
    entries.flatMap(([entry, file]) =>
      [...exportsOf(file)].map((name) => /** @type {[string, string]} */ ([name, entry])),
    ),
  )
}

/** @param {string} file @param {string} code */
const parse = (file, code) => ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true)
