import { fileURLToPath } from 'node:url'
import { defineConfig, type UserConfig } from 'vite'
import { offlineFiles, pageNames, sharedParts } from './scripts/build/demo-site.js'

const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** The package's public names, for code that is built or tested together with it. */
export const alias = [
  { find: /^gradlens$/, replacement: at('src/index.ts') },
  { find: /^gradlens\/elements$/, replacement: at('src/elements/index.ts') },
  { find: /^gradlens\/elements\/define$/, replacement: at('src/elements/define.ts') },
  { find: /^gradlens\/evaluation$/, replacement: at('src/evaluation/index.ts') },
  { find: /^gradlens\/node$/, replacement: at('src/node/index.ts') },
  { find: /^gradlens\/worker$/, replacement: at('src/worker/index.ts') },
  { find: /^gradlens\/tfjs$/, replacement: at('src/tfjs/index.ts') },
]

const tfjs = [
  '@tensorflow/tfjs',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-webgpu',
]

const library: UserConfig = {
  publicDir: false,
  // The pool's worker is a string in its chunk, which no bundler of a page makes smaller.
  worker: { rolldownOptions: { output: { minify: true } } },
  build: {
    target: 'es2022',
    minify: false,
    sourcemap: true,
    lib: {
      entry: {
        index: at('src/index.ts'),
        cli: at('src/cli/main.ts'),
        elements: at('src/elements/index.ts'),
        'elements/define': at('src/elements/define.ts'),
        evaluation: at('src/evaluation/index.ts'),
        node: at('src/node/index.ts'),
        tfjs: at('src/tfjs/index.ts'),
        worker: at('src/worker/index.ts'),
      },
      formats: ['es'],
    },
    rolldownOptions: {
      external: [...tfjs, 'zarrita', 'webgpu', /^(@noble\/|gradlens|lit|d3-|node:)/],
      output: { chunkFileNames: 'chunks/[name].js' },
    },
  },
}

/** One classic script; TensorFlow.js is the page's own `window.tf`, whose kernels and tensors it must share. */
const script: UserConfig = {
  publicDir: false,
  build: {
    target: 'es2022',
    emptyOutDir: false,
    sourcemap: true,
    lib: {
      entry: at('src/global.ts'),
      formats: ['iife'],
      name: 'gradlens',
      fileName: () => 'gradlens.global.js',
    },
    rolldownOptions: {
      // Half a megabyte of decompression that zarrita would load if a store were compressed; such stores are refused.
      external: [...tfjs, /^numcodecs\/(blosc|lz4|zstd)$/],
      output: {
        globals: {
          '@tensorflow/tfjs': 'tf',
          '@tensorflow/tfjs-backend-wasm': 'tf.wasm',
          '@tensorflow/tfjs-backend-webgpu': 'tf.webgpu',
        },
      },
    },
  },
}

/** The elements registered by one module with all it needs in it, for pages without a bundler or an import map. */
const elements: UserConfig = {
  publicDir: false,
  build: {
    target: 'es2022',
    emptyOutDir: false,
    sourcemap: true,
    lib: {
      entry: at('src/elements/define.ts'),
      formats: ['es'],
      fileName: () => 'elements/bundle.js',
    },
    rolldownOptions: { output: { minify: true } },
  },
}

const demo: UserConfig = {
  root: at('demo'),
  publicDir: at('public'),
  base: './',
  resolve: { alias },
  worker: { format: 'es' },
  plugins: [sharedParts(at('demo')), offlineFiles()],
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
        // Browsers ask for it under its old name to hear of a new build.
        entryFileNames: ({ name }) =>
          name === 'service-worker' ? '[name].js' : 'assets/[name]-[hash].js',
      },
      // How long each plugin took concerns nobody who starts the demo.
      checks: { bundlerTimings: false },
    },
  },
}

const configs: Readonly<Record<string, UserConfig>> = { library, script, elements }

export default defineConfig(({ mode }) => configs[mode] ?? demo)
