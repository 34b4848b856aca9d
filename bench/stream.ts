/**
 * What it takes to rank the rows of stores that fit neither the page nor the machine, streamed over HTTP on loopback in
 * Chromium: time, memory of the page's process with its workers, and the speed beside that of fetching the same files
 * and nothing else. Each number of rows has a browser of its own.
 *
 *     npm run bench:stream -- [--rows 10000,100000,1000000] [--stores factored,projected] [--rounds 5]
 *
 * A million rows of the notebook's net take 21.8 GB from the server, which keeps 33 MB: one to three minutes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright'
import { build } from 'vite'
import { alias } from '../vite.config.js'
import { launchBrowser } from './browser.js'
import { renderersPeakMiB } from './resident-memory.js'
import { median } from './statistics.js'
import type { BaseStore, Explained } from './streaming/protocol.js'

const stores: readonly BaseStore[] = [
  {
    name: 'factored',
    title: 'notebook net, exact forms, float16',
    rowsPerChunk: 768,
    projection: undefined,
  },
  {
    name: 'projected',
    title: 'notebook net, projected to 4,096 numbers, float16',
    rowsPerChunk: 2048,
    projection: { size: 4096, seed: 1 },
  },
]

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000,100000,1000000' },
    stores: { type: 'string', default: stores.map(({ name }) => name).join(',') },
    rounds: { type: 'string', default: '5' },
  },
})
const rowCounts = values.rows.split(',').map(Number)
const names = values.stores.split(',')
const rounds = Number(values.rounds)

const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-stream-'))
await build({
  configFile: false,
  logLevel: 'warn',
  root: at('streaming'),
  base: './',
  resolve: { alias },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    outDir: folder,
    emptyOutDir: true,
    minify: false,
    chunkSizeWarningLimit: Infinity,
  },
})
const server = spawn(process.execPath, [at('streaming/server.mjs'), folder], {
  stdio: ['ignore', 'pipe', 'inherit'],
})

async function inPage<Result>(
  work: (page: Page, browser: Browser) => Promise<Result>,
): Promise<Result> {
  const browser = await launchBrowser({ softwareWebGpu: false })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(0)
    page.on('pageerror', (error) => {
      console.error(error)
    })
    await page.goto(`http://127.0.0.1:${port}/`)
    await page.waitForFunction(() => (window.streaming as unknown) !== undefined)
    return await work(page, browser)
  } finally {
    await browser.close()
  }
}

/** What a pass over so many rows reads: address and length of each file, chunk by chunk. */
function streamedFiles(
  { name, rowsPerChunk }: BaseStore,
  sizes: Readonly<Record<string, number>>,
  rowCount: number,
): { readonly addresses: string[]; readonly byteLength: number } {
  const first = Object.entries(sizes).filter(([key]) => /^(segment|exponents).*\/c\.0/.test(key))
  const chunks = Array.from({ length: Math.ceil(rowCount / rowsPerChunk) }, (_, chunk) => chunk)
  return {
    addresses: chunks.flatMap((chunk) =>
      first.map(
        ([key]) =>
          `/store/${name}/${String(rowCount)}/${key.replace('/c.0', `/c.${String(chunk)}`)}`,
      ),
    ),
    byteLength: chunks.length * first.reduce((sum, [, size]) => sum + size, 0),
  }
}

const format = (value: number, digits = 0): string => value.toFixed(digits).padStart(10)

async function measure(store: BaseStore): Promise<void> {
  const sizes = await inPage((page) =>
    page.evaluate((base) => window.streaming.prepare(base), store),
  )
  console.log(`\n${store.title}`)
  console.log('      rows        MB         s    µs/row      MB/s  peak MiB   counted')
  let expected: Explained | undefined
  for (const rowCount of rowCounts) {
    const { byteLength } = streamedFiles(store, sizes, rowCount)
    await inPage(async (page, browser) => {
      const call = [store, rowCount] as const
      const found = await page.evaluate((called) => window.streaming.explain(...called), call)
      const peak = await renderersPeakMiB(browser)
      const figures = [
        [rowCount, 0],
        [byteLength / 1e6, 0],
        [found.ms / 1e3, 1],
        [(1e3 * found.ms) / rowCount, 1],
        [byteLength / 1e3 / found.ms, 0],
        [peak ?? NaN, 0],
        [found.peakBytes / 2 ** 20, 0],
      ] as const
      console.log(figures.map(([value, digits]) => format(value, digits)).join(''))
      // The chunks come again and again: so does the best row of them, first of all where it comes first.
      expected ??= found
      if (found.indices[0] !== expected.indices[0] || found.scores[0] !== expected.scores[0]) {
        throw new Error(`Another row is the best of ${String(rowCount)}: ${JSON.stringify(found)}`)
      }
    })
  }
  if (rounds > 0) await compare(store, sizes, rowCounts[0] ?? 10_000)
}

async function compare(
  store: BaseStore,
  sizes: Readonly<Record<string, number>>,
  rowCount: number,
): Promise<void> {
  const { addresses, byteLength } = streamedFiles(store, sizes, rowCount)
  await inPage(async (page) => {
    const fetchAlone = (way: 'buffer' | 'reader') => (): Promise<number> =>
      page.evaluate((call) => window.streaming.fetchAlone(...call), [addresses, way] as const)
    const ways = {
      'fetching, arrayBuffer()': fetchAlone('buffer'),
      'fetching, into buffers': fetchAlone('reader'),
      ranking: async (): Promise<number> => {
        const call = [store, rowCount] as const
        return (await page.evaluate((called) => window.streaming.explain(...called), call)).ms
      },
    }
    const times = Object.values(ways).map((): number[] => [])
    for (let round = 0; round <= rounds; round++) {
      for (const [k, way] of Object.values(ways).entries()) {
        const ms = await way()
        // The first round warms up.
        if (round > 0) times[k]!.push(ms)
      }
    }
    const best = Math.min(median(times[0]!), median(times[1]!))
    for (const [k, way] of Object.keys(ways).entries()) {
      const ms = median(times[k]!)
      const share = `${format((100 * best) / ms)} % of the faster fetching`
      console.log(`${way.padEnd(24)}${format(byteLength / 1e3 / ms)} MB/s${share}`)
    }
  })
}

let port = ''
try {
  port = String(((await once(server.stdout, 'data')) as [Buffer])[0]).trim()
  for (const store of stores) if (names.includes(store.name)) await measure(store)
} finally {
  server.kill()
  rmSync(folder, { recursive: true })
}
