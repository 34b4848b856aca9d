import path from 'node:path'
import { build as esbuild } from 'esbuild'
import { build as vite } from 'vite'

const at = (file: string): string => path.join(import.meta.dirname, file)

/** The bundlers that build the app from the package as it is in dist/, each as its users start it. */
export const bundlers: Readonly<Record<string, (folder: string) => Promise<unknown>>> = {
  vite: (folder) =>
    vite({
      configFile: false,
      root: import.meta.dirname,
      publicDir: false,
      logLevel: 'warn',
      base: './',
      worker: { format: 'es' },
      build: {
        outDir: folder,
        emptyOutDir: true,
        target: 'es2022',
        chunkSizeWarningLimit: 10_000,
        rolldownOptions: { input: at('page.ts'), output: { entryFileNames: '[name].js' } },
      },
    }),
  esbuild: (folder) =>
    esbuild({
      entryPoints: [at('page.ts'), at('explain-worker.ts')],
      outdir: folder,
      bundle: true,
      splitting: true,
      format: 'esm',
      target: 'es2022',
      logLevel: 'warning',
      // The repository's own would lead to the sources.
      tsconfigRaw: {},
    }),
}
