import { builtinModules } from 'node:module'

/**
 * The direction of the data, as rules: nothing to the left knows anything to its right, and no module imports itself
 * through others. Type-only imports count.
 */

/** What every part of src/ may import. */
const shared =
  'errors|array-input|failed-import|float16|is-record|join-arrays|lazy-module|ndarray|options|race-loss|random|scheduling|version|warn-once|webgpu-adapter'

const builtIn = builtinModules.join('|')

/** What Vite and scripts/build make of a module: its text, or a worker or a binary in a string. */
const bundled = '\\?(?:raw|worker&inline)$|^tfjs-backend-wasm:'

/**
 * What each part of src/ may import besides itself and the shared modules: modules of src/, and packages.
 * A part is a folder of src/, or a module directly in src/.
 *
 * @type {Readonly<Record<string, { modules?: string, packages?: string }>>}
 */
const parts = {
  [shared]: {},
  gradients: {},
  losses: {},
  predictor: { modules: 'gradients/block|losses' },
  'function-predictor': { modules: 'predictor' },
  explanation: {},
  frame: { modules: 'explanation' },
  adapters: { modules: 'predictor|losses|gradients' },
  compute: { modules: 'gradients' },
  curvature: { modules: 'gradients' },
  store: { modules: 'gradients|compute|curvature', packages: '@noble/hashes|zarrita' },
  explainers: { modules: 'predictor|losses|explanation|gradients|compute|store' },
  testing: { modules: 'predictor|losses|gradients|adapters' },
  evaluation: { modules: 'predictor|losses|explanation|gradients|compute|store|explainers' },
  influence: {
    modules: 'predictor|losses|explanation|gradients|compute|curvature|store|explainers',
  },
  tfjs: { modules: 'predictor|losses|gradients|adapters', packages: '@tensorflow/tfjs[^/]*' },
  backends: { packages: '@tensorflow/tfjs[^/]*' },
  onnx: { modules: 'predictor|losses|gradients|adapters', packages: 'pbf' },
  node: { modules: 'gradients|store', packages: builtIn },
  cli: { packages: `${builtIn}|@tensorflow/tfjs[^/]*|onnxruntime-node|zarrita|webgpu` },
  elements: {
    modules: 'explanation|frame',
    packages: 'lit|lit-[^/]*|(?:@types/)?react|svelte|vue',
  },
  live: {
    modules:
      'predictor|losses|explanation|frame|explainers|elements|tfjs|worker|onnx/(?:model|to-tfjs)',
    packages: '@tensorflow/tfjs[^/]*',
  },
  report: {
    modules:
      'losses|compute/similarity|explanation|frame|elements|live/(?:live-files|convert-onnx)|onnx/model/read-source',
    packages: '@noble/hashes',
  },
  worker: { modules: 'predictor|losses|explanation|gradients|explainers|influence' },
  index: {
    modules: 'predictor|function-predictor|losses|explanation|gradients|compute|store|explainers',
  },
  bundle: { modules: 'index|evaluation|influence|tfjs|worker' },
  'page-tensorflow': { packages: '@tensorflow/tfjs' },
  global: { modules: 'index|influence|page-tensorflow|tfjs|worker' },
}

const inParts = (/** @type {string} */ names) => `^src/(?:${names})(?:/|\\.ts$)`

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const directions = Object.entries(parts).flatMap(
  ([part, { modules = part, packages = '(?!)' }]) => [
    {
      name: `direction-${part.split('|')[0]}`,
      severity: 'error',
      from: { path: inParts(part) },
      to: {
        path: '^src/',
        pathNot: inParts(`${part}|${shared}|${modules}`),
        // The command line uses the package by its public names, as a user would.
        ...(part === 'cli' ? { dependencyTypesNot: ['aliased'] } : {}),
      },
    },
    {
      name: `packages-${part.split('|')[0]}`,
      severity: 'error',
      from: { path: inParts(part) },
      to: {
        pathNot: [
          `^(?:node_modules/)?(?:${packages})(?:/|$)`,
          '^(?:src|tests|demo|bench|scripts)/',
          bundled,
        ],
      },
    },
  ],
)

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: [bundled, '\\.wasm\\?url$', '^webgpu$'] },
    },
    ...directions,
    {
      name: 'src-by-itself',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(?:tests|demo|bench|scripts)/' },
    },
    {
      name: 'every-module-in-a-part',
      severity: 'error',
      from: { path: '^src/', pathNot: inParts(Object.keys(parts).join('|')) },
      to: {},
    },
    {
      name: 'public-names-only',
      comment:
        'The demo and the benchmarks import the library by its public names, gradlens and gradlens/….',
      severity: 'error',
      from: { path: '^(?:demo|bench)/' },
      to: { path: '^src/', dependencyTypesNot: ['aliased'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/assembly/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
    },
    skipAnalysisNotInRules: true,
  },
}
