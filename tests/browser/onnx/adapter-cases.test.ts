import { adapterCases } from 'gradlens/testing'
import * as ort from 'onnxruntime-web/webgpu'
import { describe, it } from 'vitest'
import { testedOnnx } from '../../support/adapters/tested-onnx.js'

ort.env.wasm.wasmPaths = '/node_modules/onnxruntime-web/dist/'
ort.env.wasm.numThreads = 1

describe.each(['wasm', 'webgpu'] as const)('ONNX Runtime on %s', (name) => {
  const adapter = testedOnnx({ ort, name }, { device: 'native', allowSoftware: true })
  for (const { title, run } of adapterCases(adapter)) it(title, run)
})
