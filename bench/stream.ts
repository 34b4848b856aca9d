/**
 * Measures the ranking of stores that are larger than memory, streamed over HTTP on loopback in
 * Chromium: the time, the memory of the page's process with its workers, and the speed compared
 * with fetching the same files only. Each number of rows gets a new browser.
 *
 *     npm run bench:stream -- [--rows 10000,100000,1000000]
 *         [--stores factored,projected] [--rounds 5]
 *
 * A million rows of the notebook's net are 21.8 GB from a server that stores 33 MB, and take one to
 * three minutes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { build } from 'vite'
import { alias } from '../vite.config.js'
import { findBrowser } from '../scripts/checks/browser.mjs'
import { childRenderersPeakMiB } from './resident-memory.js'
import { median } from './statistics.js'
import type { BaseStore, Explained, StreamTask } from './streaming/protocol.js'

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
const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]()
const nextLine = async (): Promise<string> => String((await lines.next()).value)

/**
 * Runs the task in a page of a new browser. Returns its result and its memory peak. The browser has
 * no driver, because pages driven by Playwright or another tool keep up to 100 MB of fetched data.
 */
async function inPage(
  task: StreamTask,
): Promise<{ readonly result: unknown; readonly peakMiB: number | null }> {
  const profile = mkdtempSync(path.join(tmpdir(), 'gradlens-profile-'))
  const { path: executable } = findBrowser()
  if (executable === undefined) throw new Error('No browser was found; set CHROME_PATH.')
  const address = `http://127.0.0.1:${port}/#${encodeURIComponent(JSON.stringify(task))}`
  // Chromium's sandbox doesn't work for root, the user in containers.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const flags = ['--headless=new', '--no-first-run', `--user-data-dir=${profile}`, ...asRoot]
  const browser = spawn(executable, [...flags, address], { stdio: 'ignore' })
  try {
    const result = JSON.parse(await nextLine()) as { readonly error?: string }
    if (result.error !== undefined) throw new Error(result.error)
    return { result, peakMiB: childRenderersPeakMiB(browser.pid ?? 0) }
  } finally {
    browser.kill()
    await once(browser, 'exit')
    // The browser's other processes end later, and write until then.
    await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
  }
}

/** Returns the files that a pass over the rows reads: address and length, chunk by chunk. */
function streamedFiles(
  { name, rowsPerChunk }: BaseStore,
  sizes: Readonly<Record<string, number>>,
  exampleCount: number,
): { readonly addresses: string[]; readonly byteLength: number } {
  const first = Object.entries(sizes).filter(([key]) => /^(segment|exponents).*\/c\.0/.test(key))
  const chunks = Array.from({ length: Math.ceil(exampleCount / rowsPerChunk) }, (_, chunk) => chunk)
  return {
    addresses: chunks.flatMap((chunk) =>
      first.map(([key]) => `/store/${name}/${exampleCount}/${key.replace('/c.0', `/c.${chunk}`)}`),
    ),
    byteLength: chunks.length * first.reduce((sum, [, size]) => sum + size, 0),
  }
}

const format = (value: number, digits = 0): string => value.toFixed(digits).padStart(10)

async function measure(store: BaseStore): Promise<void> {
  const sizes = (await inPage({ kind: 'prepare', store })).result as Record<string, number>
  console.log(`\n${store.title}`)
  console.log('      rows        MB         s    µs/row      MB/s  peak MiB   counted')
  let expected: Explained | undefined
  for (const exampleCount of rowCounts) {
    const { byteLength } = streamedFiles(store, sizes, exampleCount)
    const page = await inPage({ kind: 'explain', store, exampleCount })
    const result = page.result as Explained
    const figures = [
      [exampleCount, 0],
      [byteLength / 1e6, 0],
      [result.ms / 1e3, 1],
      [(1e3 * result.ms) / exampleCount, 1],
      [byteLength / 1e3 / result.ms, 0],
      [page.peakMiB ?? NaN, 0],
      [result.peakBytes / 2 ** 20, 0],
    ] as const
    console.log(figures.map(([value, digits]) => format(value, digits)).join(''))
    // The chunks repeat, and so does their best row. Ties go to the first one.
    expected ??= result
    if (result.indices[0] !== expected.indices[0] || result.scores[0] !== expected.scores[0]) {
      throw new Error(`Another row is the best of ${exampleCount}: ${JSON.stringify(result)}`)
    }
  }
  if (rounds > 0) await compare(store, sizes, rowCounts[0] ?? 10_000)
}

async function compare(
  store: BaseStore,
  sizes: Readonly<Record<string, number>>,
  exampleCount: number,
): Promise<void> {
  const { addresses, byteLength } = streamedFiles(store, sizes, exampleCount)
  const task = { kind: 'compare', store, exampleCount, addresses, rounds } as const
  const result = (await inPage(task)).result as Record<string, number[]>
  const medians = Object.entries(result).map(([name, times]) => [name, median(times)] as const)
  const best = Math.min(
    ...medians.filter(([name]) => name.startsWith('fetching')).map(([, ms]) => ms),
  )
  for (const [name, ms] of medians) {
    const share = `${format((100 * best) / ms)} % of the faster fetching`
    console.log(`${name.padEnd(24)}${format(byteLength / 1e3 / ms)} MB/s${share}`)
  }
}

let port = ''
try {
  port = await nextLine()
  for (const store of stores) if (names.includes(store.name)) await measure(store)
} finally {
  server.kill()
  rmSync(folder, { recursive: true })
}
