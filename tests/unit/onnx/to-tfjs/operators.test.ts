import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import families from '../../../fixtures/operators.json' with { type: 'json' }
import { useDevice } from '../../../support/devices/devices.js'
import { runConverted } from '../../../support/onnx/convert-operators.js'
import type { OperatorCase, OperatorCases } from '../../../support/onnx/operator-cases.js'

const all: OperatorCases = {
  families: families as unknown as Readonly<Record<string, readonly OperatorCase[]>>,
  bytes: readFileSync(new URL('../../../fixtures/operators.bin', import.meta.url)),
}

/** Float32 sums of at most a few dozen terms, against differences in float64. */
const tolerance = 2e-5

/** How many cases of each operator are refused. */
const refusedCases: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  arithmetic: { Mod: 1 },
  functions: { Shrink: 1, Swish: 1 },
  indexing: {
    ...{ Compress: 1, GatherElements: 2, GatherND: 3, OneHot: 2, ReverseSequence: 1 },
    ...{ ScatterElements: 6, ScatterND: 6 },
  },
  reductions: { Hardmax: 1, TopK: 4 },
  products: { Einsum: 3 },
  // With groups or dilations of volumes.
  convolutions: { Conv: 2 },
  'transposed-convolutions': { ConvTranspose: 6 },
  // Pools with dilations.
  pools: { AveragePool: 4, GlobalLpPool: 9, LpPool: 12, MaxPool: 2 },
  // Cubic, symmetric, smoothed, and linear ones of other tensors than images.
  resize: { Resize: 19 },
  normalizations: { MeanVarianceNormalization: 2 },
  attention: { Attention: 9 },
}

it.each(Object.keys(all.families))('are converted with their gradients: %s', async (family) => {
  await useDevice('wasm')
  const { results, refused } = await runConverted(all, family)
  expect(
    results.filter(
      ({ outputError, gradientError }) => !(Math.max(outputError, gradientError) <= tolerance),
    ),
  ).toEqual([])
  const counts: Record<string, number> = {}
  for (const line of refused) {
    const op = line.split(' ')[0]!
    counts[op] = (counts[op] ?? 0) + 1
  }
  expect(counts, refused.join('\n')).toEqual(refusedCases[family] ?? {})
})
