import { Worker as NodeWorker } from 'node:worker_threads'
import { expect, it, vi } from 'vitest'
import { openWasmBackend } from '../../../src/compute/wasm/open.js'
import { PageBackend } from '../../../src/compute/wasm/page-backend.js'
import { describeBackend } from '../../support/suites/compute-suite.js'

describeBackend('the SIMD kernels', {
  open: async () => (await openWasmBackend()).backend,
  // Sums of up to 256 float32 products per lane, each rounded by 6e-8, of factors that may be rounded themselves.
  tolerance: 1e-5,
})

it('runs in the calling thread in Node, where onnxruntime-web defines a different Worker', async () => {
  vi.stubGlobal('Worker', NodeWorker)
  try {
    const { backend, fallbackReason } = await openWasmBackend()
    backend[Symbol.dispose]()
    expect(backend).toBeInstanceOf(PageBackend)
    expect(fallbackReason).toBeNull()
  } finally {
    vi.unstubAllGlobals()
  }
})
