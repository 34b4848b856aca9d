import path from 'node:path'

/** @typedef {import('eslint').AST.SourceLocation} Location */
/** @typedef {{ value?: unknown, loc?: Location | null | undefined }} Source */

/** What every module of src/ may import. */
const shared = ['errors', 'ndarray', 'options', 'random', 'scheduling', 'version']

/**
 * The way of the data, left to right: what a part of src/ may import besides itself and the shared modules.
 * A part is a folder of src/, or a module that stands in src/ itself; `a/b` is the module b of folder a alone.
 *
 * @type {Readonly<Record<string, { modules: readonly string[], packages?: RegExp }>>}
 */
const allowed = {
  predictor: { modules: ['gradients/block'] },
  gradients: { modules: ['compute'], packages: /^zarrita$/ },
  compute: { modules: ['gradients'] },
  explanation: { modules: [] },
  explainers: {
    modules: [
      'compute/compute',
      'compute/ranking',
      'compute/similarity',
      'explanation',
      'gradients',
      'predictor',
    ],
  },
  // How examples, targets and devices are given is the explainers' own way of it. A projection is measured by an explainer.
  evaluation: {
    modules: [
      'compute/similarity',
      'explainers/baselines',
      'explainers/forward-arguments',
      'explainers/gradient-similarity',
      'explainers/inputs',
      'explainers/model-session',
      'explainers/progress',
      'explainers/similarity-options',
      'explainers/targets',
      'gradients/projection/projection-options',
      'gradients/stores/memory-store',
      'predictor',
    ],
  },
  tfjs: { modules: ['gradients/block', 'predictor'], packages: /^@tensorflow\/tfjs/ },
  node: { modules: ['gradients'], packages: /^node:/ },
  // As a user of the package would, by its public names.
  cli: {
    modules: [],
    packages: /^(gradlens(\/|$)|node:|@tensorflow\/tfjs|zarrita$|webgpu$)/,
  },
  elements: { modules: ['explanation'], packages: /^(lit|d3-)/ },
  index: { modules: ['compute', 'explainers', 'explanation', 'gradients', 'predictor'] },
  global: { modules: ['index', 'tfjs'] },
}

/** @type {import('eslint').Rule.RuleModule} */
export const importDirection = {
  meta: {
    type: 'problem',
    docs: { description: 'Hold the direction in which the parts of src/ import each other' },
    schema: [],
    messages: {
      outside: '{{part}} may not import {{target}}: in src/ it may import {{modules}}.',
      package: '{{part}} may not import the package {{target}}: the core has no dependencies.',
      demo: 'The demo imports the library by its public names, gradlens and gradlens/….',
      bench: 'The benchmarks import the library by its public names, gradlens and gradlens/….',
    },
  },
  create(context) {
    const file = path.relative(context.cwd, context.filename).split(path.sep).join('/')

    /** @param {Location} loc @param {unknown} source */
    const check = (loc, source) => {
      if (typeof source !== 'string') return
      const relative = source.startsWith('.')
      const target = relative ? path.posix.join(path.posix.dirname(file), source) : source
      if (file.startsWith('demo/')) {
        if (relative && !target.startsWith('demo/')) context.report({ loc, messageId: 'demo' })
        return
      }
      if (file.startsWith('bench/')) {
        if (relative && target.startsWith('src/')) context.report({ loc, messageId: 'bench' })
        return
      }

      const from = moduleOf(file)
      const part = from.split('/')[0] ?? ''
      const { modules, packages } = allowed[part] ?? { modules: [] }
      if (!relative) {
        if (packages?.test(source) === true) return
        context.report({ loc, messageId: 'package', data: { part, target } })
        return
      }
      const open = [part, ...shared, ...(shared.includes(part) ? [] : modules)]
      if (target.startsWith('src/') && isWithin(moduleOf(target), open)) return
      context.report({
        loc,
        messageId: 'outside',
        data: { part, target, modules: open.join(', ') },
      })
    }

    /** @param {{ source?: Source | null | undefined }} declaration */
    const checkSource = ({ source }) => {
      if (source?.loc) check(source.loc, source.value)
    }
    return {
      ImportDeclaration: checkSource,
      ExportAllDeclaration: checkSource,
      ExportNamedDeclaration: checkSource,
      ImportExpression: checkSource,
      TSImportType: checkSource,
    }
  },
}

/** @param {string} file relative to the repository, e.g. src/tfjs/engine.ts */
function moduleOf(file) {
  return file.replace(/^src\//, '').replace(/\.[jt]s$/, '')
}

/** @param {string} module @param {readonly string[]} open */
function isWithin(module, open) {
  return open.some((name) => module === name || module.startsWith(`${name}/`))
}
