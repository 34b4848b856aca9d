import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { root } from '../checks/command.mjs'

/**
 * An error or a warning in the sources.
 *
 * @typedef {object} ErrorMessage
 * @property {string} file the source, from src/
 * @property {number} line
 * @property {string} error the class, or `warning`
 * @property {string} message the text, with … for what is filled in
 */

/** Replaces a part of a message that is known only when it is thrown. */
const filledIn = '…'
/** More texts than these of one message are shown as one, with what differs filled in. */
const maximumTexts = 24
/** How many calls up a message's parts are looked for. */
const maximumDepth = 3

/** The names of functions that return warnings. Their modules have the texts. */
const warningLists = /^list\w*(?:Differences|Warnings)/

/** @typedef {ts.FunctionLikeDeclaration | ts.ConstructorDeclaration} Callable */

/** All errors that the library throws, and its warnings, in the order of the files. @returns {ErrorMessage[]} */
export function listErrorMessages() {
  const sources = readSources()
  const callsOf = findCalls(sources)
  const valuesIn = createValues(callsOf)
  return sources.flatMap((source) => {
    /** @type {ErrorMessage[]} */
    const found = []
    const hasWarnings = source.statements.some(
      (statement) =>
        ts.isFunctionDeclaration(statement) && warningLists.test(statement.name?.text ?? ''),
    )
    visit(source, (node) => {
      const created = createdBy(node) ?? (hasWarnings ? warningOf(node) : undefined)
      if (created === undefined) return
      const { error, parts } = created
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
      const file = path.posix.relative('src', source.fileName)
      for (const message of textsOf(node, parts, valuesIn)) {
        if (!found.some((each) => each.message === message && each.error === error)) {
          found.push({ file, line, error, message })
        }
      }
    })
    return found
  })
}

function readSources() {
  return readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /(?<!\.d)\.ts$/.test(file) && !file.includes('assembly'))
    .map((file) => `src/${file.split(path.sep).join('/')}`)
    .sort()
    .map((file) =>
      ts.createSourceFile(
        file,
        readFileSync(path.join(root, file), 'utf8'),
        ts.ScriptTarget.Latest,
        true,
      ),
    )
}

/** @param {ts.Node} node @param {(node: ts.Node) => void} call */
function visit(node, call) {
  call(node)
  ts.forEachChild(node, (child) => {
    visit(child, call)
  })
}

/** A part of a message: fixed text, or an expression. @typedef {string | ts.Expression} Part */

/**
 * The error or warning that an expression creates, with the parts of its message.
 *
 * @param {ts.Node} node
 * @returns {{ error: string, parts: readonly Part[] } | undefined}
 */
function createdBy(node) {
  if (ts.isCallExpression(node) && node.expression.getText() === 'warnOnce') {
    const text = node.arguments.at(-1)
    return text === undefined ? undefined : { error: 'warning', parts: [text] }
  }
  if (!ts.isNewExpression(node)) return undefined
  const error = node.expression.getText()
  const given = node.arguments ?? ts.factory.createNodeArray()
  const [first, second, third, fourth] = given
  if (first === undefined) return undefined
  if (error === 'InvalidArgumentError' && second !== undefined && third !== undefined) {
    return { error, parts: [first, ': got ', second, '; expected ', third, '.'] }
  }
  if (error === 'NonFiniteError' && fourth !== undefined) {
    const parts = [first, ': ', second ?? '', ' at […]; expected finite numbers. ', fourth]
    return { error, parts }
  }
  if (/^(?:Unsupported|Device|Memory|Store)Error$/.test(error)) {
    return second === undefined ? undefined : { error, parts: [second] }
  }
  if (/^(?:Disposed|NotFitted|ModelChanged|Gradlens|Usage|Type|Range)?Error$/.test(error)) {
    return { error, parts: [first] }
  }
  return undefined
}

/**
 * The warning that a long text of a list of warnings is.
 *
 * @param {ts.Node} node
 * @returns {{ error: string, parts: readonly Part[] } | undefined}
 */
function warningOf(node) {
  const isText = ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || isSum(node)
  if (!isText || isSum(node.parent) || ts.isNewExpression(node.parent)) return undefined
  const words = node.getText().match(/[a-z]{2,}/g) ?? []
  return words.length < 8 ? undefined : { error: 'warning', parts: [node] }
}

/** @param {ts.Node} node @returns {node is ts.BinaryExpression} */
const isSum = (node) =>
  ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken

/**
 * The calls of each function and the constructions of each class, by name.
 *
 * @param {readonly ts.SourceFile[]} sources
 */
function findCalls(sources) {
  /** @type {Map<string, (ts.CallExpression | ts.NewExpression)[]>} */
  const calls = new Map()
  for (const source of sources) {
    visit(source, (node) => {
      if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return
      const { expression } = node
      const name = ts.isPropertyAccessExpression(expression)
        ? expression.name.text
        : expression.getText()
      const list = calls.get(name)
      if (list === undefined) calls.set(name, [node])
      else list.push(node)
    })
  }
  return calls
}

/**
 * Returns the texts of a message: one for each way in which its parts are filled in.
 *
 * @param {ts.Node} node where it is created
 * @param {readonly Part[]} parts
 * @param {ReturnType<typeof createValues>} valuesIn
 */
function textsOf(node, parts, valuesIn) {
  const texts = valuesIn(node).flatMap((values) =>
    combine(parts.map((part) => (typeof part === 'string' ? [part] : evaluate(part, values)))),
  )
  return [...new Set(texts.map(tidy))]
}

/** The texts that an expression's names may have. @typedef {ReadonlyMap<string, readonly string[]>} Values */

/**
 * Returns a function of a node: what the parameters around it are in each call of their function.
 *
 * @param {ReturnType<typeof findCalls>} callsOf
 */
function createValues(callsOf) {
  /** @type {Map<string, Values[]>} */
  const known = new Map()
  /** @param {ts.Node} node @param {number} depth @returns {Values[]} */
  const valuesIn = (node, depth = 0) => {
    const callable = ts.findAncestor(node.parent, isCallable)
    if (callable === undefined) return [new Map()]
    const key = `${callable.getSourceFile().fileName} ${callable.pos} ${depth}`
    const found = known.get(key) ?? valuesOf(callable, depth)
    known.set(key, found)
    return found
  }
  /** @param {Callable} callable @param {number} depth @returns {Values[]} */
  const valuesOf = (callable, depth) => {
    const source = callable.getSourceFile()
    const calls = (callsOf.get(nameOf(callable) ?? '') ?? []).filter(
      (call) => isVisible(callable) || call.getSourceFile() === source,
    )
    if (calls.length === 0 || depth === maximumDepth) return [new Map()]
    /** @type {Map<string, Values>} */
    const distinct = new Map()
    for (const call of calls) {
      for (const outer of valuesIn(call, depth + 1)) {
        const values = callable.parameters.flatMap(({ name, initializer }, i) => {
          const argument = call.arguments?.[i] ?? initializer
          if (!ts.isIdentifier(name) || argument === undefined) return []
          return [/** @type {const} */ ([name.text, evaluate(argument, outer)])]
        })
        distinct.set(JSON.stringify(values), new Map(values))
      }
    }
    const all = [...distinct.values()]
    return all.length > maximumTexts ? [joinValues(all)] : all
  }
  return valuesIn
}

/** The parameters that have few texts over all calls, without saying which go together. @param {readonly Values[]} all */
function joinValues(all) {
  const names = new Set(all.flatMap((values) => [...values.keys()]))
  return new Map(
    [...names].flatMap((name) => {
      const texts = [...new Set(all.flatMap((values) => values.get(name) ?? [filledIn]))]
      return texts.length > maximumTexts ? [] : [/** @type {const} */ ([name, texts])]
    }),
  )
}

/** @param {ts.Node} node @returns {node is Callable} */
const isCallable = (node) =>
  ts.isFunctionDeclaration(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isConstructorDeclaration(node) ||
  ((ts.isArrowFunction(node) || ts.isFunctionExpression(node)) &&
    ts.isVariableDeclaration(node.parent))

/** Whether calls in other modules are looked for. Methods of one name are many. @param {Callable} callable */
function isVisible(callable) {
  if (ts.isMethodDeclaration(callable)) return false
  const statement = ts.findAncestor(
    callable,
    (node) =>
      ts.isFunctionDeclaration(node) || ts.isVariableStatement(node) || ts.isClassLike(node),
  )
  return (
    statement !== undefined &&
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  )
}

/** @param {Callable} callable @returns {string | undefined} */
function nameOf(callable) {
  const named = ts.isConstructorDeclaration(callable)
    ? callable.parent
    : ts.isVariableDeclaration(callable.parent)
      ? callable.parent
      : callable
  return named.name?.getText()
}

/**
 * Returns the texts that an expression may have.
 *
 * @param {ts.Expression} expression
 * @param {Values} values
 * @returns {readonly string[]}
 */
function evaluate(expression, values) {
  if (ts.isStringLiteralLike(expression)) return [expression.text]
  if (ts.isTemplateExpression(expression)) {
    const spans = expression.templateSpans.flatMap((span) => [
      evaluate(span.expression, values),
      [span.literal.text],
    ])
    return combine([[expression.head.text], ...spans])
  }
  if (ts.isBinaryExpression(expression)) {
    const { left, right, operatorToken } = expression
    if (operatorToken.kind === ts.SyntaxKind.PlusToken) {
      return combine([evaluate(left, values), evaluate(right, values)])
    }
    if (operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
      return [...evaluate(left, values), ...evaluate(right, values)]
    }
  }
  if (ts.isConditionalExpression(expression)) {
    return [...evaluate(expression.whenTrue, values), ...evaluate(expression.whenFalse, values)]
  }
  if (ts.isParenthesizedExpression(expression) || ts.isAsExpression(expression)) {
    return evaluate(expression.expression, values)
  }
  if (ts.isIdentifier(expression)) {
    return values.get(expression.text) ?? evaluateConstant(expression, values)
  }
  return [filledIn]
}

/** @param {ts.Identifier} name @param {Values} values @returns {readonly string[]} */
function evaluateConstant(name, values) {
  /** @type {readonly string[]} */
  let texts = [filledIn]
  ts.findAncestor(name, (scope) => {
    const statements = ts.isBlock(scope) || ts.isSourceFile(scope) ? scope.statements : []
    const initializer = [...statements]
      .filter(ts.isVariableStatement)
      .flatMap(({ declarationList }) => [...declarationList.declarations])
      .find((each) => ts.isIdentifier(each.name) && each.name.text === name.text)?.initializer
    if (initializer !== undefined) texts = evaluate(initializer, values)
    return initializer !== undefined
  })
  return texts
}

/** All combinations of the texts of several parts. @param {readonly (readonly string[])[]} parts */
function combine(parts) {
  return parts.reduce(
    /** @param {readonly string[]} texts */
    (texts, part) => {
      const all = texts.flatMap((text) => part.map((each) => text + each))
      return all.length > maximumTexts ? texts.map((text) => text + filledIn) : all
    },
    /** @type {readonly string[]} */ (['']),
  )
}

/** @param {string} text */
function tidy(text) {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/…(?: ?…)+/g, filledIn)
    .trim()
}
