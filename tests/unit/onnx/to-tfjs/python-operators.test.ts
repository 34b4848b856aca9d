import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { rulesByDomain } from '../../../../src/onnx/to-tfjs/registry.js'

/** Those that are computed before the rules: constants, lengths, and older forms of operators. */
const others = ['Constant', 'Dropout', 'Mod', 'Range', 'Shape', 'Size', 'Upsample']

it('are those that the Python package puts into pages', () => {
  const file = new URL(
    '../../../../python/src/gradlens/live_report/onnx_operators.py',
    import.meta.url,
  )
  const listed = /_NAMES = """([^"]+)"""/.exec(readFileSync(file, 'utf8'))![1]!
  const names = Object.entries(rulesByDomain).flatMap(([domain, rules]) =>
    Object.keys(rules!).map((op) => (domain === '' ? op : `${domain}.${op}`)),
  )
  expect(listed.trim().split(/\s+/)).toEqual([...names, ...others].sort())
})
