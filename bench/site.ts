import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, preview, type InlineConfig } from 'vite'
import { alias } from '../vite.config.js'

export interface Site {
  /** The served folder. */
  readonly folder: string
  /** The address with the headers of most hosts. */
  readonly plain: string
  /** The address with the headers that allow wasm threads. */
  readonly isolated: string
  close(): Promise<void>
}

const pageFolder = fileURLToPath(new URL('page', import.meta.url))

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/** Builds and serves the page, as deployed. Changes of the sources during a run have no effect. */
export async function serveSite(): Promise<Site> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-bench-'))
  const config: InlineConfig = {
    configFile: false,
    logLevel: 'warn',
    root: pageFolder,
    base: './',
    resolve: { alias },
    worker: { format: 'es' },
    build: {
      target: 'es2022',
      outDir: folder,
      emptyOutDir: true,
      rolldownOptions: {
        input: ['index.html', 'large.html'].map((file) => path.join(pageFolder, file)),
      },
      // tfjs's wasm threads run a function's source text, which minified names would break.
      minify: false,
      chunkSizeWarningLimit: Infinity,
    },
  }
  try {
    await build(config)
    const serve = async (
      headers: Record<string, string>,
    ): Promise<[string, () => Promise<void>]> => {
      const server = await preview({ ...config, preview: { host: '127.0.0.1', port: 0, headers } })
      const url = server.resolvedUrls?.local[0]
      if (url === undefined) throw new Error('The benchmark page is not served.')
      return [url, () => server.close()]
    }
    const [plain, closePlain] = await serve({})
    const [isolated, closeIsolated] = await serve(isolation)
    return {
      folder,
      plain,
      isolated,
      async close() {
        await Promise.all([closePlain(), closeIsolated()])
        rmSync(folder, { recursive: true })
      },
    }
  } catch (error) {
    rmSync(folder, { recursive: true })
    throw error
  }
}
