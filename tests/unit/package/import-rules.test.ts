import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

interface Violation {
  readonly from: string
  readonly to: string
  readonly rule: { readonly name: string }
}

/** Code by file, and the rule that it breaks. */
const broken: readonly (readonly [file: string, code: string, rule: string])[] = [
  ['src/explainers/a.ts', "import '../tfjs/index.js'", 'direction-explainers'],
  ['src/explainers/b.ts', "import '../elements/index.js'", 'direction-explainers'],
  ['src/explainers/deep/c.ts', "import '../../tfjs/index.js'", 'direction-explainers'],
  ['src/explainers/d.ts', "import type { A } from '../tfjs/index.js'", 'direction-explainers'],
  ['src/explainers/e.ts', "export type { A } from '../tfjs/index.js'", 'direction-explainers'],
  ['src/explainers/f.ts', "export * from '../tfjs/index.js'", 'direction-explainers'],
  ['src/explainers/g.ts', "export const a = import('../tfjs/index.js')", 'direction-explainers'],
  ['src/explainers/h.ts', "export type B = import('../tfjs/index.js').A", 'direction-explainers'],
  ['src/explainers/i.ts', "import 'zarrita'", 'packages-explainers'],
  ['src/explainers/j.ts', "import 'node:fs'", 'packages-explainers'],
  ['src/gradients/a.ts', "import type { A } from '../compute/index.js'", 'direction-gradients'],
  ['src/gradients/b.ts', "import '../store/index.js'", 'direction-gradients'],
  ['src/compute/a.ts', "import '../store/index.js'", 'direction-compute'],
  ['src/compute/b.ts', "import '../predictor.js'", 'direction-compute'],
  ['src/store/a.ts', "import '../explainers/index.js'", 'direction-store'],
  ['src/store/b.ts', "import 'node:fs/promises'", 'packages-store'],
  ['src/tfjs/a.ts', "import '../explainers/index.js'", 'direction-tfjs'],
  ['src/tfjs/b.ts', "import '../store/index.js'", 'direction-tfjs'],
  ['src/tfjs/c.ts', "import 'lit'", 'packages-tfjs'],
  ['src/evaluation/a.ts', "import '../tfjs/index.js'", 'direction-evaluation'],
  ['src/elements/a.ts', "import '../explainers/index.js'", 'direction-elements'],
  ['src/node/a.ts', "import '../explainers/index.js'", 'direction-node'],
  ['src/cli/a.ts', "import '../explainers/index.js'", 'direction-cli'],
  ['src/predictor.ts', "import './compute/index.js'", 'direction-predictor'],
  ['src/errors.ts', "import './predictor.js'", 'direction-errors'],
  ['src/explanation.ts', "import './explainers/index.js'", 'direction-explanation'],
  ['src/index.ts', "import './tfjs/index.js'", 'direction-index'],
  ['src/stray.ts', "import './errors.js'", 'every-module-in-a-part'],
  ['demo/a.ts', "import '../src/explainers/index.js'", 'public-names-only'],
  ['bench/page/a.ts', "import '../../src/explainers/index.js'", 'public-names-only'],
  ['src/explainers/k.ts', "import './missing.js'", 'unresolved'],
  // Types alone close this circle, which is reported once.
  ['src/ndarray.ts', "import type { A } from './options.js'; export type B = A", 'circle'],
]

const allowed: readonly (readonly [file: string, code: string])[] = [
  ['src/explainers/y.ts', "import '../store/index.js'; import '../compute/index.js'"],
  ['src/explainers/z.ts', "import '../errors.js'; import './y.js'"],
  ['src/store/z.ts', "import 'zarrita'; import type { A } from '../gradients/index.js'"],
  ['src/tfjs/z.ts', "import '@tensorflow/tfjs'; import '../gradients/index.js'"],
  ['src/elements/z.ts', "import 'lit'; import '../explanation.js'"],
  ['src/node/z.ts', "import 'node:fs/promises'; import '../store/index.js'"],
  ['src/global.ts', "import './index.js'; import './tfjs/index.js'"],
  ['src/cli/z.ts', "import 'gradlens'; import 'node:path'"],
  ['demo/z.ts', "import 'gradlens'; import './y.js'"],
  ['demo/y.ts', 'export const a = 1'],
  ['src/options.ts', "import type { B } from './ndarray.js'; export type A = B"],
]

const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-imports-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

let violations: readonly Violation[] = []
beforeAll(async () => {
  const parts = ['compute', 'elements', 'explainers', 'gradients', 'store', 'tfjs']
  const stubs = parts.map((part) => [`src/${part}/index.ts`, 'export type A = 1'] as const)
  const packages = ['zarrita', 'lit', '@tensorflow/tfjs'].map(
    (name) => [`node_modules/${name}/index.js`, ''] as const,
  )
  for (const [file, code] of [...stubs, ...packages, ...broken, ...allowed]) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), `${code}\n`)
  }
  for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json']) {
    copyFileSync(file, path.join(folder, file))
  }
  const program = path.resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const options = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json']
  // It ends with the number of errors as its status.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, ...options, 'src', 'demo', 'bench'],
    { cwd: folder, maxBuffer: 2 ** 26 },
  ).catch((error: unknown) => error as { stdout: string })
  ;({ violations } = (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary)
})

describe('the check of the imports', () => {
  it.each(broken)('refuses in %s: %s', (file, _code, rule) => {
    const rules = violations.filter(({ from }) => from === file).map(({ rule: { name } }) => name)
    expect(rules).toContain(rule)
  })

  it.each(allowed)('allows in %s: %s', (file) => {
    expect(violations.filter(({ from }) => from === file)).toEqual([])
  })
})
