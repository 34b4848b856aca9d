/**
 * Compiles the AssemblyScript kernels for each kind of SIMD and memory, and writes them as base64
 * to the modules that the library loads. The result is committed. tests/unit/compute/*-kernels.test.ts
 * compile again and compare.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const at = (/** @type {string} */ file) => fileURLToPath(new URL(`../../${file}`, import.meta.url))

const backend = ['--runtime', 'minimal', '--use', 'abort=', '--enable', 'simd']
// Tensors are in the memory of tfjs's wasm backend, which its threads may share.
const heap = ['--runtime', 'stub', '--importMemory', '--enable', 'simd', '--enable', 'bulk-memory']
const shared = ['--enable', 'threads', '--sharedMemory', '--initialMemory', '1', '--maximumMemory']

/** The source, module and compiler options of each build. */
const builds = {
  plain: { folder: 'src/compute/wasm', options: backend },
  relaxed: { folder: 'src/compute/wasm', options: [...backend, '--enable', 'relaxed-simd'] },
  number: {
    folder: 'src/gradients/numbers',
    options: ['--runtime', 'stub', '--use', 'abort=', '--enable', 'simd'],
  },
  projection: {
    folder: 'src/gradients/projection',
    options: [
      '--runtime',
      'stub',
      '--use',
      'abort=',
      '--enable',
      'simd',
      '--enable',
      'bulk-memory',
    ],
  },
  matrix: {
    folder: 'src/curvature/matrices',
    options: ['--runtime', 'stub', '--use', 'abort=', '--enable', 'simd'],
  },
  heap: { folder: 'src/tfjs/kernels', options: heap },
  sharedHeap: { folder: 'src/tfjs/kernels', options: [...heap, ...shared, '65536'] },
}

/**
 * Runs the compiler as a program. Importing its module would add AssemblyScript's global types to
 * the project.
 *
 * @param {keyof typeof builds} build
 * @returns {Promise<string>} the compiled module in base64
 */
export async function compileKernels(build) {
  const { folder, options } = builds[build]
  const temporary = await mkdtemp(path.join(tmpdir(), 'gradlens-wasm-'))
  const outFile = path.join(temporary, 'kernels.wasm')
  try {
    await promisify(execFile)(process.execPath, [
      at('node_modules/assemblyscript/bin/asc.js'),
      at(`${folder}/assembly/index.ts`),
      ...['--outFile', outFile, '-O3', '--noAssert', ...options],
    ])
    return (await readFile(outFile)).toString('base64')
  } finally {
    await rm(temporary, { recursive: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const build of /** @type {(keyof typeof builds)[]} */ (Object.keys(builds))) {
    const name = build.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    await writeFile(
      at(`${builds[build].folder}/${name}-binary.ts`),
      `/** assembly/, the ${name} build by \`npm run build:wasm\`; base64. */\n` +
        `export const ${build}Binary =\n  '${await compileKernels(build)}'\n`,
    )
  }
}
