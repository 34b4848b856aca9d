import * as ort from 'onnxruntime-web/webgpu'
import { beforeAll, describe, expect, it } from 'vitest'
import families from '../../fixtures/operators.json' with { type: 'json' }
import arrays from '../../fixtures/operators.bin?url'
import type { OperatorCase, OperatorCases } from '../../support/onnx/operator-cases.js'
import { findWrongCases } from '../../support/onnx/run-operators.js'

ort.env.wasm.wasmPaths = '/node_modules/onnxruntime-web/dist/'
ort.env.wasm.numThreads = 1
ort.env.logLevel = 'fatal'

const device = { ort, name: 'webgpu', provider: 'webgpu' } as const
const cases = families as unknown as Readonly<Record<string, readonly OperatorCase[]>>

/** WGSL allows sin and cos an error of 2^-11, and what is made of them. */
const tolerances = { Sin: 5e-4, Cos: 5e-4, Tan: 5e-4, Acos: 5e-4 }

/** What ONNX Runtime 1.30 doesn't compute on WebGPU: the reason, by family and case. */
const missing: Readonly<
  Record<string, readonly [reason: string, isMissing: (each: OperatorCase) => boolean][]>
> = {
  convolutions: [
    [
      'Conv3D does not support grouped convolution',
      ({ inputs, attributes }) =>
        inputs[0]!.shape.length === 5 && JSON.stringify(attributes['group']).includes('2'),
    ],
  ],
  'transposed-convolutions': [
    ['Only Conv2d or Conv1d are supported', ({ inputs }) => inputs[0]!.shape.length === 5],
  ],
  resize: [
    [
      'antialias attribute of Resize operator is NOT implemented',
      ({ attributes }) => attributes['antialias'] !== undefined,
    ],
  ],
}

let bytes: Uint8Array

beforeAll(async () => {
  bytes = new Uint8Array(await (await fetch(arrays)).arrayBuffer())
})

/** Cases of a family as a family of their own. */
const only = (chosen: readonly OperatorCase[]): OperatorCases => ({
  families: { chosen },
  bytes,
})

describe('backward rules on webgpu', () => {
  it.each(Object.entries(cases))('agree with central differences: %s', async (family, all) => {
    const computed = all.filter(
      (each) => !(missing[family] ?? []).some(([, isMissing]) => isMissing(each)),
    )
    expect(await findWrongCases(device, only(computed), 'chosen', tolerances)).toEqual([])
  })

  const refused = Object.entries(missing).flatMap(([family, reasons]) =>
    reasons.map(([reason, isMissing]) => [reason, cases[family]!.filter(isMissing)] as const),
  )
  it.each(refused)('are left out where the runtime reports: %s', async (reason, all) => {
    expect(all).not.toEqual([])
    for (const each of all) {
      await expect(findWrongCases(device, only([each]), 'chosen')).rejects.toThrow(reason)
    }
  })
})
