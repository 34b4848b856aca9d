import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Alias, Plugin } from 'vite'
import { version } from '../../src/version.js'

const leftOut = fileURLToPath(new URL('left-out.ts', import.meta.url))

/** What live reports don't use: backends for the GPU, streams of data, and the module with threads. */
export const liveReplacements: Alias[] = [
  /^@tensorflow\/tfjs-(?:backend-webgl|data)$/,
  /^\.\.\/wasm-out\/tfjs-backend-wasm-threaded-simd(?:\.worker)?\.js$/,
  /^\.\/webgpu\/(?:open|webgpu-backend)\.js$/,
].map((find) => ({ find, replacement: leftOut }))

const codeName = 'live-code.js'

/** Moves the code that computes out of dist, where only the script that contains it is published. */
export function keepLiveCode(folder: string): Plugin {
  return {
    name: 'keep-live-code',
    writeBundle({ dir = '' }) {
      const built = path.join(dir, codeName)
      mkdirSync(folder, { recursive: true })
      writeFileSync(path.join(folder, codeName), readFileSync(built))
      rmSync(built)
    },
  }
}

/**
 * Puts the compressed code and TensorFlow.js's module into the script of live reports, and the hash
 * of the code into its first line.
 */
export function liveCode(folder: string): Plugin {
  const readCode = (): Uint8Array => readFileSync(path.join(folder, codeName))
  return {
    name: 'live-code',
    config: () => ({
      define: {
        LIVE_CODE: JSON.stringify({ code: pack(readCode()), wasm: pack(readFileSync(wasmFile)) }),
      },
    }),
    writeBundle({ dir = '' }, bundle) {
      const hash = createHash('sha256').update(readCode()).digest('base64')
      for (const file of Object.keys(bundle)) {
        const built = path.join(dir, file)
        const head = `/*! gradlens ${version}, code sha256-${hash} */\n`
        writeFileSync(built, head + readFileSync(built, 'utf8').trim())
      }
    },
  }
}

const wasmFile = createRequire(import.meta.url).resolve(
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
)

const pack = (bytes: Uint8Array): string => gzipSync(bytes, { level: 9 }).toString('base64')
