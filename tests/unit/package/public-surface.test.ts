import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** A project of a user with the built package and nothing else installed, no TensorFlow.js either. */
let project: string

beforeAll(() => {
  if (!existsSync('dist/index.d.ts')) throw new Error('The build is missing: run `npm run build`.')
  project = mkdtempSync(path.join(tmpdir(), 'gradlens-user-'))
  const installed = path.join(project, 'node_modules', 'gradlens')
  mkdirSync(installed, { recursive: true })
  cpSync('package.json', path.join(installed, 'package.json'))
  cpSync('dist', path.join(installed, 'dist'), { recursive: true })
})

afterAll(() => {
  rmSync(project, { recursive: true })
})

/** What a fresh Node process in the user's project writes when it runs the module. */
function runInProject(code: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: project,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim()
}

it('exports exactly these names as gradlens, in plain Node without a framework', () => {
  const names = runInProject(
    `import * as gradlens from 'gradlens'; console.log(Object.keys(gradlens).join('\\n'))`,
  )
  expect(names.split('\n')).toEqual([
    'DeviceError',
    'DisposedError',
    'ExpectedGradients',
    'Explanation',
    'GradCam',
    'Gradient',
    'GradientSimilarity',
    'GradlensError',
    'HttpStore',
    'IntegratedGradients',
    'InvalidArgumentError',
    'MemoryError',
    'MemoryStore',
    'ModelChangedError',
    'NonFiniteError',
    'NotFittedError',
    'Occlusion',
    'OpfsStore',
    'StoreError',
    'UnsupportedError',
    'functionPredictor',
    'isGradlensError',
    'lossNames',
    'openGradientStore',
    'version',
  ])
})

it('exports exactly these names as gradlens/evaluation, in plain Node without a framework', () => {
  const names = runInProject(
    `import * as evaluation from 'gradlens/evaluation'; console.log(Object.keys(evaluation).join('\\n'))`,
  )
  expect(names.split('\n')).toEqual([
    'AttributionEvaluator',
    'identicalClassTest',
    'identicalSubclassTest',
    'linearDatamodelingScore',
    'mergeClasses',
    'mislabelDetection',
    'modelRandomisationTest',
    'projectionQuality',
    'sensitivityMax',
  ])
})

it('exports exactly these names as gradlens/influence, in plain Node without a framework', () => {
  const names = runInProject(
    `import * as influence from 'gradlens/influence'; console.log(Object.keys(influence).join())`,
  )
  expect(names).toBe('InfluenceFunctions,TracIn,rankSuspectLabels')
})

it('exports exactly this name as gradlens/onnx, in plain Node without a framework', () => {
  const names = runInProject(
    `import * as onnx from 'gradlens/onnx'; console.log(Object.keys(onnx).join())`,
  )
  expect(names).toBe('onnxPredictor')
})

it('exports exactly this name as gradlens/tfjs', async () => {
  const built = (await import(path.resolve('dist/tfjs.js'))) as object
  expect(Object.keys(built)).toEqual(['tfjsPredictor'])
})

it('exports exactly these names as gradlens/elements', async () => {
  const built = (await import(path.resolve('dist/elements.js'))) as object
  expect(Object.keys(built).sort()).toEqual([
    'GlAttributionBars',
    'GlAttributionImage',
    'GlAttributionSeries',
    'GlAttributionText',
    'GlExplainer',
    'GlExplanation',
    'GlProbabilities',
    'GlProgress',
    'GlSimilarExamples',
    'Job',
    'SharedWork',
    'createNumberFormat',
    'followHost',
    'formatBytes',
    'formatCount',
    'formatDuration',
    'formatFixed',
    'formatRunReport',
    'formatTablePercent',
    'joinList',
    'mountExplanation',
    'renderWidget',
  ])
})

it('registers the elements with gradlens/elements/define, and not with gradlens/elements', () => {
  const names = runInProject(`
    const names = []
    globalThis.customElements = { get: () => undefined, define: (name) => names.push(name) }
    await import('gradlens/elements')
    names.push('elements')
    await import('gradlens/elements/define')
    console.log(names.join())
  `)
  expect(names).toMatch(/^elements,gl-attribution-bars,(?:gl-[a-z-]+,){7}gl-similar-examples$/)
})

it('imports the elements on a server, where there is no DOM and nothing is registered', () => {
  const added = runInProject(`
    const before = new Set(Reflect.ownKeys(globalThis))
    await import('gradlens/elements/define')
    console.log(Reflect.ownKeys(globalThis).filter((key) => !before.has(key)).join())
  `)
  expect(added).toBe('customElements,litPropertyMetadata')
})

it('exports exactly these names as gradlens/frame, in plain Node without a framework', () => {
  const names = runInProject(
    `import * as frame from 'gradlens/frame'; console.log(Object.keys(frame).join())`,
  )
  expect(names).toBe('decodeFrame,encodeFrame')
})

it('exports exactly this name as gradlens/testing, in plain Node without a framework', () => {
  const names = runInProject(
    `import * as testing from 'gradlens/testing'; console.log(Object.keys(testing).join())`,
  )
  expect(names).toBe('adapterCases')
})

it('exports exactly this name as gradlens/report', () => {
  const names = runInProject(
    `import * as report from 'gradlens/report'; console.log(Object.keys(report).join())`,
  )
  expect(names).toBe('reportHtml')
})

it('exports exactly these names as gradlens/node', () => {
  const names = runInProject(
    `import * as node from 'gradlens/node'; console.log(Object.keys(node).join())`,
  )
  expect(names).toBe('FileSystemStore,mergeGradientStore,verifyGradientStore')
})

it('exports exactly these names as gradlens/worker, in plain Node without a framework', () => {
  const names = runInProject(
    `import * as worker from 'gradlens/worker'; console.log(Object.keys(worker).join())`,
  )
  expect(names).toBe('connectExplainers,connectPredictor,exposeExplainers')
})

it("doesn't change the global scope", () => {
  const added = runInProject(`
    const before = new Set(Reflect.ownKeys(globalThis))
    await import('gradlens')
    console.log(Reflect.ownKeys(globalThis).filter((key) => !before.has(key)).length)
  `)
  expect(added).toBe('0')
})

it('has only the entries that exports lists', () => {
  const code = `await import('gradlens/dist/index.js')`
  expect(() => runInProject(code)).toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED')
})

it('reports that TensorFlow.js is missing if gradlens/tfjs is imported without it', () => {
  expect(() => runInProject(`await import('gradlens/tfjs')`)).toThrow(
    "Cannot find package '@tensorflow/tfjs'",
  )
})

it('imports TensorFlow.js only for its adapter, and SHA-256 only for stores', () => {
  expect(packagesImportedBy('dist/index.js')).toEqual(['@noble/hashes/sha2.js'])
  expect(packagesImportedBy('dist/evaluation.js')).toEqual(['@noble/hashes/sha2.js'])
  expect(packagesImportedBy('dist/tfjs.js')).toEqual(['@tensorflow/tfjs'])
  expect(packagesImportedBy('dist/gradlens.bundle.js')).toEqual(['@tensorflow/tfjs'])
})

it('exports every name of gradlens, its adapter and its measures in one module', async () => {
  const [bundle, ...parts] = await Promise.all(
    ['gradlens.bundle', 'index', 'evaluation', 'influence', 'tfjs', 'worker'].map(async (name) =>
      Object.keys((await import(path.resolve(`dist/${name}.js`))) as object),
    ),
  )
  expect(bundle).toEqual(parts.flat().sort())
})

it('imports no package for the elements', () => {
  expect(packagesImportedBy('dist/elements.js')).toEqual([])
  expect(packagesImportedBy('dist/elements/define.js')).toEqual([])
  expect(packagesImportedBy('dist/elements.global.js')).toEqual([])
})

it('exports the version in package.json', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  expect(runInProject(`import { version } from 'gradlens'; console.log(version)`)).toBe(version)
})

/** The packages that a built module and its chunks import. */
function packagesImportedBy(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return []
  seen.add(file)
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true)
  // An error's text may say what to import: a template is no specifier.
  const sources = importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => !name.includes('${'))
  const packages = sources.flatMap((source) =>
    source.startsWith('.')
      ? packagesImportedBy(path.join(path.dirname(file), source), seen)
      : [source],
  )
  return [...new Set(packages)].sort()
}
