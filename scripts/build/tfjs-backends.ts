import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { deflateRawSync } from 'node:zlib'
import type { Plugin } from 'vite'

const { resolve } = createRequire(import.meta.url)
const wasmPackage = path.dirname(resolve('@tensorflow/tfjs-backend-wasm/package.json'))
const parts = /^tfjs-backend-wasm:/
const core = /^@tensorflow\/tfjs-core$/
/** What the backends are made of, apart from TensorFlow.js itself. */
const backendFiles = /\/@tensorflow\/tfjs-backend-(?:cpu|wasm|webgpu)\//

/** Names that Emscripten's script looks up to find out where it runs, and then reads files with. */
const surroundings =
  'process, require, __filename, __dirname, document, window, importScripts, exports, module, define'

/**
 * Emscripten's script as a module. It is given its binary, so it runs in the same way in pages,
 * workers and Node.
 */
const glue = (): string => `
const createModule = ((${surroundings}) => {
${readFileSync(path.join(wasmPackage, 'wasm-out/tfjs-backend-wasm.js'), 'utf8')}
return WasmBackendModule
})()
export default createModule`

const binary = (): string => {
  const bytes = readFileSync(path.join(wasmPackage, 'dist/tfjs-backend-wasm-simd.wasm'))
  const text = deflateRawSync(bytes, { level: 9, memLevel: 9 }).toString('base64')
  return `export default '${text}'`
}

const contents: Readonly<Record<string, () => string>> = {
  'tfjs-backend-wasm:module': glue,
  'tfjs-backend-wasm:binary': binary,
  'tfjs-backend-wasm:unused': () => "export default {}; export const wasmWorkerContents = ''",
}

/**
 * Makes TensorFlow.js's backends part of a bundle: their binary as a module, without the scripts
 * that load it from a file, and on the copy of TensorFlow.js that users import.
 */
export function tfjsBackends(): Plugin {
  return {
    name: 'tfjs-backends',
    enforce: 'pre',
    resolveId: {
      filter: { id: [parts, /^\.\.\/wasm-out\//, core] },
      handler(source, importer = '') {
        if (source.startsWith('tfjs-backend-wasm:')) return `\0${source}`
        if (!backendFiles.test(importer)) return null
        if (core.test(source)) return this.resolve('@tensorflow/tfjs', importer)
        return '\0tfjs-backend-wasm:unused'
      },
    },
    load: {
      filter: { id: [/^\0tfjs-backend-wasm:/, backendFiles] },
      handler: (id) => (id.startsWith('\0') ? contents[id.slice(1)]!() : withoutMap(id)),
    },
  }
}

/** TensorFlow.js's files contain their source map, which is five times as long as the code. */
const withoutMap = (file: string): string =>
  readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=.*/, '')
