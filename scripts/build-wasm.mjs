/**
 * Compiles the AssemblyScript kernels and writes them, as base64, into the module that the library loads.
 * The result is committed; tests/unit/wasm-kernels.test.ts compiles anew and compares.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const at = (/** @type {string} */ file) => fileURLToPath(new URL(`../${file}`, import.meta.url))

/**
 * The compiler runs as a program: its module would bring AssemblyScript's global types into the project's.
 *
 * @returns {Promise<string>} the compiled module in base64
 */
export async function compileKernels() {
  const folder = await mkdtemp(path.join(tmpdir(), 'gradlens-wasm-'))
  const outFile = path.join(folder, 'contract.wasm')
  try {
    await promisify(execFile)(process.execPath, [
      at('node_modules/assemblyscript/bin/asc.js'),
      at('src/compute/wasm/assembly/contract.ts'),
      ...['--outFile', outFile, '-O3', '--enable', 'simd', '--runtime', 'stub', '--noAssert'],
    ])
    return (await readFile(outFile)).toString('base64')
  } finally {
    await rm(folder, { recursive: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const base64 = await compileKernels()
  await writeFile(
    at('src/compute/wasm/contract-binary.ts'),
    `/** assembly/contract.ts, compiled by \`npm run build:wasm\`; base64. */\nexport const contractBinary =\n  '${base64}'\n`,
  )
}
