import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { ensureBackend, reportStopped } from '../../../src/tfjs/engine/backend-registry.js'

const folder = path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))
const names = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'] as const

/** The memory section of TensorFlow.js's binaries: one memory of 256 pages, and at most 65,536. */
const memorySection = [5, 7, 1, 1, 0x80, 0x02, 0x80, 0x80, 0x04]
const maximumOffset = 6

/**
 * Gives TensorFlow.js's wasm backend a heap that cannot grow beyond this many pages of 64 KiB, until the returned
 * function is called. The binary is TensorFlow.js's own but for that number.
 */
export async function limitHeap(pages: number): Promise<() => Promise<void>> {
  const copies = mkdtempSync(path.join(tmpdir(), 'gradlens-heap-'))
  for (const name of names) {
    const binary = readFileSync(path.join(folder, name))
    const at = binary.indexOf(Buffer.from(memorySection))
    if (at < 0) throw new Error(`${name} declares its memory differently than in 4.22.`)
    const padded = [(pages & 0x7f) | 0x80, ((pages >> 7) & 0x7f) | 0x80, (pages >> 14) & 0x7f]
    binary.set(padded, at + maximumOffset)
    writeFileSync(path.join(copies, name), binary)
  }
  await restartFrom(copies)
  return async () => {
    await restartFrom(folder)
    rmSync(copies, { recursive: true })
  }
}

async function restartFrom(at: string): Promise<void> {
  const threaded = 'tfjs-backend-wasm-threaded-simd.wasm'
  setWasmPaths({
    ...Object.fromEntries(names.map((name) => [name, path.join(at, name)])),
    [threaded]: path.join(folder, threaded),
  })
  const backend = tf.engine().registry['wasm']
  if (backend !== undefined) reportStopped('wasm', backend)
  await ensureBackend('wasm')
}
