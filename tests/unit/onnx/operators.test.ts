import { readFileSync } from 'node:fs'
import * as node from 'onnxruntime-node'
import * as web from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import families from '../../fixtures/operators.json' with { type: 'json' }
import type { OperatorCase, OperatorCases } from '../../support/onnx/operator-cases.js'
import { findWrongCases } from '../../support/onnx/run-operators.js'

const all: OperatorCases = {
  families: families as unknown as Readonly<Record<string, readonly OperatorCase[]>>,
  bytes: readFileSync(new URL('../../fixtures/operators.bin', import.meta.url)),
}

describe.each([
  ['onnxruntime-web', web, 'wasm'],
  ['onnxruntime-node', node, 'cpu'],
] as const)('backward rules on %s', (_, ort, provider) => {
  it.each(Object.keys(all.families))('agree with central differences: %s', async (family) => {
    expect(await findWrongCases(ort, provider, all, family)).toEqual([])
  })
})
