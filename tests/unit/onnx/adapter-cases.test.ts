import { adapterCases } from 'gradlens/testing'
import { describe, it } from 'vitest'
import { nodeRuntimes } from '../../support/onnx/runtimes.js'
import { testedOnnx } from '../../support/adapters/tested-onnx.js'

describe.each(nodeRuntimes)('ONNX Runtime on $name', (device) => {
  const adapter = testedOnnx(device, { device: 'cpu', allowSoftware: true })
  for (const { title, run } of adapterCases(adapter)) it(title, run)
})
