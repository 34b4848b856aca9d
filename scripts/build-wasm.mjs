/**
 * Compiles the AssemblyScript kernels and writes them, as base64, into the module that the library loads.
 * The result is committed; tests/unit/wasm-kernels.test.ts compiles anew and compares.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const at = (/** @type {string} */ path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** @returns {Promise<string>} the compiled module in base64 */
export async function compileKernels() {
  /** @type {Uint8Array | undefined} */
  let binary
  const { error } = await asc.main(
    [
      'contract.ts',
      '--outFile',
      'contract.wasm',
      '-O3',
      '--enable',
      'simd',
      '--runtime',
      'stub',
      '--noAssert',
    ],
    {
      readFile: (name) =>
        readFile(`${at('src/compute/wasm/assembly')}/${name}`, 'utf8').catch(() => null),
      writeFile: (_, contents) => {
        if (typeof contents !== 'string') binary = contents
      },
      listFiles: () => [],
    },
  )
  if (error !== null || binary === undefined)
    throw new Error(`asc failed: ${error?.message ?? 'no output'}`)
  return Buffer.from(binary).toString('base64')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const base64 = await compileKernels()
  await writeFile(
    at('src/compute/wasm/contract-binary.ts'),
    `/** assembly/contract.ts, compiled by \`npm run build:wasm\`; base64. */\nexport const contractBinary: string =\n  '${base64}'\n`,
  )
}
