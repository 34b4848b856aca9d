import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig, mergeConfig, type UserConfig } from 'vite'
import { bundledLit } from './scripts/build/bundled-lit.js'
import { offlineFiles, pageNames, sharedParts, stylesFirst } from './scripts/build/demo-site.js'
import { keepLiveCode, liveCode, liveReplacements } from './scripts/build/live-code.js'
import { elementsKit } from './scripts/build/elements-kit.js'
import { pageTensorflow } from './scripts/build/page-tensorflow.js'
import { tfjsBackends } from './scripts/build/tfjs-backends.js'
import { slimTensorflow } from './scripts/build/slim-tensorflow.js'

const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

const sizeOf = (file: string): number => statSync(at(file)).size

/** The package's public names, for code that is built or tested with its sources. */
export const alias = [
  { find: /^gradlens$/, replacement: at('src/index.ts') },
  { find: /^gradlens\/elements$/, replacement: at('src/elements/index.ts') },
  { find: /^gradlens\/elements\/define$/, replacement: at('src/elements/define.ts') },
  { find: /^gradlens\/evaluation$/, replacement: at('src/evaluation/index.ts') },
  { find: /^gradlens\/frame$/, replacement: at('src/frame/index.ts') },
  { find: /^gradlens\/influence$/, replacement: at('src/influence/index.ts') },
  { find: /^gradlens\/node$/, replacement: at('src/node/index.ts') },
  { find: /^gradlens\/worker$/, replacement: at('src/worker/index.ts') },
  { find: /^gradlens\/onnx$/, replacement: at('src/onnx/index.ts') },
  { find: /^gradlens\/testing$/, replacement: at('src/testing/index.ts') },
  { find: /^gradlens\/report$/, replacement: at('src/report/index.ts') },
  { find: /^gradlens\/tfjs$/, replacement: at('src/tfjs/index.ts') },
  { find: /^gradlens\/wasm$/, replacement: at('src/backends/wasm.ts') },
  { find: /^gradlens\/webgpu$/, replacement: at('src/backends/webgpu.ts') },
]

/**
 * zarrita names these decompressors, 1.4 MB, in case an array is compressed. The library refuses compressed stores, so
 * that no bundle needs them.
 */
const refusedCodecs = {
  find: /^numcodecs\/(?:blosc|lz4|zstd)$/,
  replacement: at('scripts/build/refused-codec.ts'),
}

/** Peer dependencies: the library computes on the page's own copy. */
const peers = [/^@tensorflow\/tfjs$/, /^onnxruntime-/, 'webgpu']

/**
 * Whether a module stays an import of the built package. Lit (see `bundledLit`) and zarrita become
 * parts of it: imported as a package, zarrita would bring its decompressors into users' bundles. The
 * command line reads compressed arrays with the package itself.
 */
function isExternal(source: string, importer: string | undefined): boolean {
  if (source === 'zarrita') return importer?.includes('/src/cli/') === true
  return /^(?:@tensorflow\/tfjs$|@noble\/|gradlens|node:|onnxruntime-|webgpu$)/.test(source)
}

const library: UserConfig = {
  publicDir: false,
  resolve: { alias: [refusedCodecs] },
  plugins: [tfjsBackends(), bundledLit()],
  // The pool's worker is a string in its chunk, which users' bundlers do not minify.
  worker: { rolldownOptions: { output: { minify: true } } },
  build: {
    target: 'es2022',
    license: { fileName: 'licenses.md' },
    minify: false,
    sourcemap: true,
    lib: {
      entry: {
        index: at('src/index.ts'),
        cli: at('src/cli/main.ts'),
        elements: at('src/elements/index.ts'),
        'elements/define': at('src/elements/define.ts'),
        evaluation: at('src/evaluation/index.ts'),
        frame: at('src/frame/index.ts'),
        influence: at('src/influence/index.ts'),
        node: at('src/node/index.ts'),
        onnx: at('src/onnx/index.ts'),
        testing: at('src/testing/index.ts'),
        report: at('src/report/index.ts'),
        tfjs: at('src/tfjs/index.ts'),
        wasm: at('src/backends/wasm.ts'),
        webgpu: at('src/backends/webgpu.ts'),
        worker: at('src/worker/index.ts'),
      },
      formats: ['es'],
    },
    rolldownOptions: {
      external: isExternal,
      output: {
        chunkFileNames: ({ facadeModuleId, name }) =>
          `chunks/${facadeModuleId?.includes('/zarrita/') === true ? 'zarrita' : name}.js`,
      },
    },
  },
}

/** One minified file with everything but TensorFlow.js in it, for pages without a bundler. */
function singleFile(entry: string, fileName: string, format: 'es' | 'iife'): UserConfig {
  return {
    publicDir: false,
    resolve: { alias: [refusedCodecs] },
    plugins: [
      bundledLit(),
      ...(format === 'iife' ? [pageTensorflow(at('src/page-tensorflow.ts'))] : []),
    ],
    build: {
      target: 'es2022',
      emptyOutDir: false,
      license: { fileName: fileName.replace(/\.js$/, '.licenses.md') },
      sourcemap: true,
      lib: { entry: at(entry), formats: [format], name: 'gradlens', fileName: () => fileName },
      rolldownOptions: {
        external: peers,
        output: { minify: true, codeSplitting: false },
      },
    },
  }
}

/** A backend of TensorFlow.js in one file, for the page's own copy of TensorFlow.js. */
function backendFile(name: 'wasm' | 'webgpu', format: 'es' | 'iife'): UserConfig {
  const fileName = `${name}.${format === 'es' ? 'bundle' : 'global'}.js`
  const file = singleFile(`src/backends/${name}.ts`, fileName, format)
  const missing =
    `${fileName} needs TensorFlow.js: got no window.tf; expected the script tf.es2017.min.js of ` +
    '@tensorflow/tfjs. Load it first.'
  const classic = {
    globals: { '@tensorflow/tfjs': 'tf' },
    banner: `if(typeof tf==="undefined")throw new Error(${JSON.stringify(missing)});`,
  }
  const output = format === 'iife' ? classic : {}
  return mergeConfig(file, {
    plugins: [tfjsBackends()],
    build: { sourcemap: false, rolldownOptions: { output } },
  })
}

/** The code that computes in live reports: the adapter, and TensorFlow.js as far as it is used. */
const liveCodeFile: UserConfig = {
  publicDir: false,
  resolve: { alias: [refusedCodecs, ...liveReplacements] },
  worker: { rolldownOptions: { output: { minify: true } } },
  plugins: [keepLiveCode(at('node_modules/.cache/gradlens-live'))],
  build: {
    target: 'es2022',
    emptyOutDir: false,
    license: { fileName: 'live.global.licenses.md' },
    lib: {
      entry: at('src/live/code.ts'),
      formats: ['iife'],
      name: 'gradlens',
      fileName: () => 'live-code.js',
    },
    rolldownOptions: { output: { minify: true, codeSplitting: false } },
  },
}

/** The script of live reports, which unpacks that code and starts it. */
const liveScript: UserConfig = {
  publicDir: false,
  plugins: [liveCode(at('node_modules/.cache/gradlens-live'))],
  build: {
    target: 'es2022',
    emptyOutDir: false,
    lib: {
      entry: at('src/live/page.ts'),
      formats: ['iife'],
      name: 'gradlensLive',
      fileName: () => 'live.global.js',
    },
    rolldownOptions: { output: { minify: true, codeSplitting: false } },
  },
}

const demo: UserConfig = {
  root: at('demo'),
  publicDir: at('public'),
  base: './',
  resolve: { alias: [...alias, refusedCodecs] },
  worker: { format: 'es', plugins: () => [tfjsBackends(), slimTensorflow()] },
  // Servers that compress don't say how many bytes come, and the page shows its progress.
  define: {
    PHOTO_MODEL_BYTES: `${sizeOf('public/photos/efficientnet-lite0.onnx')}`,
    ONNX_RUNTIME_BYTES: JSON.stringify({
      wasm: sizeOf('node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'),
      webgpu: sizeOf('node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm'),
    }),
  },
  plugins: [
    tfjsBackends(),
    sharedParts(at('demo')),
    stylesFirst(),
    elementsKit(singleFile('src/elements/global.ts', 'elements.global.js', 'iife')),
    offlineFiles(),
  ],
  build: {
    target: 'es2022',
    outDir: at('dist-demo'),
    emptyOutDir: true,
    rolldownOptions: {
      input: {
        ...Object.fromEntries(pageNames.map((name) => [name, at(`demo/${name}.html`)])),
        'service-worker': at('demo/service-worker.ts'),
      },
      output: {
        // Browsers look for a new service worker under the old one's name.
        entryFileNames: ({ name }) =>
          name === 'service-worker' ? '[name].js' : 'assets/[name]-[hash].js',
      },
      // Users who start the demo don't need to know how long each plugin took.
      checks: { bundlerTimings: false },
    },
  },
}

const configs: Readonly<Record<string, UserConfig>> = {
  library,
  bundle: singleFile('src/bundle.ts', 'gradlens.bundle.js', 'es'),
  script: singleFile('src/global.ts', 'gradlens.global.js', 'iife'),
  anywidget: singleFile('src/elements/anywidget.ts', 'elements/anywidget.js', 'es'),
  elements: singleFile('src/elements/global.ts', 'elements.global.js', 'iife'),
  'wasm-bundle': backendFile('wasm', 'es'),
  'wasm-script': backendFile('wasm', 'iife'),
  'webgpu-bundle': backendFile('webgpu', 'es'),
  'webgpu-script': backendFile('webgpu', 'iife'),
  'live-code': liveCodeFile,
  live: liveScript,
}

export default defineConfig(({ mode }) => configs[mode] ?? demo)
