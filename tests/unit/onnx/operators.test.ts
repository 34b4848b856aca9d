import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import families from '../../fixtures/operators.json' with { type: 'json' }
import type { OperatorCase, OperatorCases } from '../../support/onnx/operator-cases.js'
import { findWrongCases } from '../../support/onnx/run-operators.js'
import { nodeRuntimes } from '../../support/onnx/runtimes.js'

const all: OperatorCases = {
  families: families as unknown as Readonly<Record<string, readonly OperatorCase[]>>,
  bytes: readFileSync(new URL('../../fixtures/operators.bin', import.meta.url)),
}

describe.each(nodeRuntimes)('backward rules on $name', (device) => {
  it.each(Object.keys(all.families))('agree with central differences: %s', async (family) => {
    expect(await findWrongCases(device, all, family)).toEqual([])
  })
})
