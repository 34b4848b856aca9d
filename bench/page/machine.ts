import * as tf from '@tensorflow/tfjs'
import { getThreadsCount } from '@tensorflow/tfjs-backend-wasm'
import type { PageDevice, PageReport } from '../protocol.js'

/** A module with one relaxed SIMD instruction, i8x16.relaxed_swizzle. */
// prettier-ignore
const relaxedSimd = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0,
  10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11,
)

export async function pageReport(device: PageDevice): Promise<PageReport> {
  const adapter = await (navigator.gpu as GPU | undefined)?.requestAdapter()
  const runs = device === 'wasm' && (await tf.setBackend('wasm'))
  return {
    crossOriginIsolated: globalThis.crossOriginIsolated,
    relaxedSimd: WebAssembly.validate(relaxedSimd),
    wasmThreads: runs ? getThreadsCount() : 0,
    adapter: adapter ? adapterReport(adapter.info) : null,
  }
}

function adapterReport(info: GPUAdapterInfo): NonNullable<PageReport['adapter']> {
  const { vendor, architecture, description, isFallbackAdapter } = info
  return {
    name: [vendor, architecture, description].filter((word) => word !== '').join(' '),
    isSoftware: isFallbackAdapter || architecture === 'swiftshader',
  }
}
