import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { build as esbuild } from 'esbuild'
import { build as vite } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'

const run = promisify(execFile)

/** The oldest TypeScript that reads the declarations: before 5.7 `Uint8Array` took no type argument. */
const oldestTypeScript = '5.7.3'

/** A user's project with the packed package, as npm installs it. */
let project: string
const at = (file: string): string => path.join(project, file)
const installed = (file: string): string => at(`node_modules/gradlens/${file}`)

/** Time for npm to fetch TypeScript on a slow line. */
const installTimeMs = 120_000

beforeAll(async () => {
  if (!existsSync('dist/index.d.ts')) throw new Error('The build is missing: run `npm run build`.')
  project = mkdtempSync(path.join(tmpdir(), 'gradlens-installed-'))
  writeFileSync(at('package.json'), '{ "private": true, "type": "module" }')
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', project])
  const archive = `./${stdout.trim().split('\n').at(-1)!}`
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
  await run('npm', ['install', ...flags, archive], { cwd: project })
}, installTimeMs)

afterAll(() => {
  rmSync(project, { recursive: true })
})

it('installs without TensorFlow.js', () => {
  const packages = readdirSync(at('node_modules'))
  expect(packages).toContain('gradlens')
  expect(packages).not.toContain('@tensorflow')
})

it('contains the files that its package.json names, and the guides', () => {
  const { unpkg, jsdelivr, customElements, bin, exports } = JSON.parse(
    readFileSync(installed('package.json'), 'utf8'),
  ) as Record<string, string> & { exports: Record<string, string | Record<string, string>> }
  const files = [unpkg, jsdelivr, customElements, bin, 'docs/embedding/elements.md', 'LICENSE']
  const exported = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  )
  for (const file of [...files, ...exported]) expect(existsSync(installed(file!)), file).toBe(true)
})

const app = `
import { GradientSimilarity, HttpStore } from 'gradlens'
export const open = (predictor) =>
  GradientSimilarity.open(new HttpStore('/store'), predictor, 'meanSquaredError')
`

it('adds no decompressor to a bundle of esbuild', async () => {
  writeFileSync(at('app.js'), app)
  const { metafile } = await esbuild({
    absWorkingDir: project,
    entryPoints: ['app.js'],
    bundle: true,
    splitting: true,
    format: 'esm',
    outdir: 'esbuild',
    metafile: true,
    logLevel: 'silent',
  })
  const inputs = Object.keys(metafile.inputs)
  expect(inputs).toContain('node_modules/gradlens/dist/chunks/zarrita.js')
  expect(inputs.filter((file) => file.includes('numcodecs'))).toEqual([])
})

it('adds no decompressor to a bundle of Vite', async () => {
  writeFileSync(at('app.js'), app)
  const output = await vite({
    root: project,
    configFile: false,
    logLevel: 'silent',
    build: { lib: { entry: at('app.js'), formats: ['es'] }, write: false },
  })
  const chunks = (Array.isArray(output) ? output : [output]).flatMap((each) =>
    'output' in each ? each.output : [],
  )
  const modules = chunks.flatMap((chunk) => ('moduleIds' in chunk ? chunk.moduleIds : []))
  expect(modules.some((id) => id.endsWith('/gradlens/dist/chunks/zarrita.js'))).toBe(true)
  expect(modules.filter((id) => id.includes('numcodecs'))).toEqual([])
})

/** What the compiler says of a module, checking all declarations, with no option but those that ES modules need. */
async function compile(compiler: string, code: string): Promise<string[]> {
  writeFileSync(at('app.ts'), code)
  const options = [
    '--noEmit --strict --skipLibCheck false --target es2022 --lib es2022,dom',
    '--module esnext --moduleResolution bundler --pretty false app.ts',
  ]
  const { stdout } = await run(process.execPath, [compiler, ...options.join(' ').split(' ')], {
    cwd: project,
  }).catch((error: unknown) => error as { stdout: string })
  return stdout.split('\n').filter((line) => line !== '')
}

const everyEntry = [
  ...[
    '',
    '/elements',
    '/elements/define',
    '/evaluation',
    '/frame',
    '/influence',
    '/onnx',
    '/report',
  ],
  ...['/testing', '/worker', '/wasm', '/webgpu', '/wasm/bundle', '/webgpu/global', '/bundle'],
]
const useOfEvery = (entries: readonly string[]): string =>
  entries.map((entry, i) => `export * as e${i} from 'gradlens${entry}'`).join('\n') +
  `
import { GradientSimilarity, type Predictor } from 'gradlens'
export function explain(predictor: Predictor): void {
  using explainer = new GradientSimilarity(predictor, 'meanSquaredError')
  explainer.dispose()
}
`

it.each(['this', 'the oldest'] as const)(
  'has declarations without errors for %s TypeScript, without options or TensorFlow.js',
  async (which) => {
    const withoutTensorflow = everyEntry.filter((entry) => entry !== '/bundle')
    expect(await compile(await compilerOf(which), useOfEvery(withoutTensorflow))).toEqual([])
  },
  installTimeMs,
)

it.each(['this', 'the oldest'] as const)(
  'has declarations without errors for %s TypeScript with TensorFlow.js',
  async (which) => {
    const compiler = await compilerOf(which)
    symlinkSync(path.resolve('node_modules/@tensorflow'), at('node_modules/@tensorflow'))
    try {
      const errors = await compile(compiler, useOfEvery([...everyEntry, '/tfjs', '/global']))
      // TensorFlow.js's own declarations have errors in every version.
      expect(errors.filter((line) => !/^(?:\.\.\/|\s)/.test(line))).toEqual([])
    } finally {
      rmSync(at('node_modules/@tensorflow'))
    }
  },
  installTimeMs,
)

async function compilerOf(which: 'this' | 'the oldest'): Promise<string> {
  if (which === 'this') return path.resolve('node_modules/typescript/bin/tsc')
  const folder = at('oldest')
  if (!existsSync(folder)) {
    const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
    await run('npm', ['install', ...flags, '--prefix', folder, `typescript@${oldestTypeScript}`])
  }
  return path.join(folder, 'node_modules/typescript/bin/tsc')
}
