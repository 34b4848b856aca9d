/**
 * Compares streaming a float16 store over HTTP on loopback with fetching its bytes, in Node: rounds
 * of fetching, reading (fetch, check, decode) and ranking, in turns. The server is another process.
 *
 *     npx tsx scripts/measure/store-http.ts [rows]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CompactBlock } from '../../src/gradients/block.js'
import { openBackend } from '../../src/compute/open-backend.js'
import { openGradientStore } from '../../src/store/open-gradient-store.js'
import { HttpStore } from '../../src/store/bytes/http-store.js'
import { GradientStream } from '../../src/store/stream/gradient-stream.js'
import { readAhead } from '../../src/store/stream/read-ahead.js'
import { planStream } from '../../src/store/stream/stream-limits.js'
import { openGradientWriter } from '../../src/store/zarr/writing/open-writer.js'
import { FileSystemStore } from '../../src/node/file-system-store.js'
import { median } from '../../bench/statistics.js'
import { seededRandom } from '../data/random.js'

const ROUNDS = 7
const ROWS_PER_BLOCK = 500
const TARGET = { isOnGpu: false, keepsFloat16: true }
const LIMITS = { maxBytes: 2 ** 28, maxGpuBytes: 2 ** 28 }
/** Layers of the demo's size class: the factors of three kernels, and a bias. */
const LAYERS = [
  { name: 'first', inputSize: 400, outputSize: 120 },
  { name: 'second', inputSize: 120, outputSize: 84 },
  { name: 'third', inputSize: 84, outputSize: 10 },
]

const random = seededRandom(1)
const exampleCount = Number(process.argv[2] ?? 40_000)
const folder = mkdtempSync(path.join(tmpdir(), 'gradlens-http-'))

function randomBlock(rows: number): CompactBlock {
  const floats = (size: number): Float32Array =>
    Float32Array.from({ length: rows * size }, () => random() - 0.5)
  return {
    exampleCount: rows,
    segments: LAYERS.map(({ name, inputSize, outputSize }) => ({
      kind: 'factored',
      parameter: name,
      positions: 1,
      inputSize,
      outputSize,
      a: floats(inputSize),
      delta: floats(outputSize),
    })),
  }
}

async function writeStore(): Promise<void> {
  const identity = { weightsHash: 'none', loss: 'none', parameters: [] }
  const options = { identity, rowCount: exampleCount, dtype: 'float16' } as const
  const writer = await openGradientWriter(new FileSystemStore(folder), options)
  const block = randomBlock(ROWS_PER_BLOCK)
  const labels = { data: new Uint8Array(ROWS_PER_BLOCK), shape: [ROWS_PER_BLOCK] }
  const squaredNorms = new Float64Array(ROWS_PER_BLOCK)
  for (let row = 0; row < exampleCount; row += ROWS_PER_BLOCK) {
    await writer.append({ block, squaredNorms, labels })
  }
  await writer.close()
}

const isStreamed = (file: string): boolean => /^(segment|exponents|squared).*[/\\]c\./.test(file)

await writeStore()
const server = spawn(
  process.execPath,
  [fileURLToPath(new URL('serve-folder.mjs', import.meta.url)), folder],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
try {
  const [port] = (await once(server.stdout, 'data')) as [Buffer]
  const url = `http://127.0.0.1:${String(port).trim()}/`
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isStreamed)
  const bytes = files.reduce((sum, file) => sum + statSync(path.join(folder, file)).size, 0)
  const { backend } = await openBackend('wasm', undefined)
  const test = await backend.upload(randomBlock(1))

  const fetching = async (): Promise<void> => {
    const get = async (i: number): Promise<ArrayBuffer> =>
      (await fetch(url + files[i]!)).arrayBuffer()
    let fetched = 0
    for await (const body of readAhead(files.length, 40, get, undefined)) fetched += body.byteLength
    if (fetched !== bytes) throw new Error(`Fetched ${fetched} of ${bytes} bytes.`)
  }
  const reading = async (): Promise<void> => {
    const reader = await openGradientStore(new HttpStore(url))
    const { rowsPerChunk } = reader
    const { chunksAhead } = planStream(reader, LIMITS, TARGET)
    const read = (chunk: number, signal: AbortSignal): Promise<unknown> =>
      reader.readStored(chunk * rowsPerChunk, Math.min((chunk + 1) * rowsPerChunk, exampleCount), {
        signal,
      })
    const chunkCount = Math.ceil(exampleCount / rowsPerChunk)
    const chunks = readAhead(chunkCount, chunksAhead, read, undefined)
    while ((await chunks.next()).done !== true);
  }
  const ranking = async (): Promise<void> => {
    const reader = await openGradientStore(new HttpStore(url))
    const stream = new GradientStream(reader, backend, planStream(reader, LIMITS, TARGET))
    const similarity = { name: 'grad_cos', eps: 0 } as const
    const options = { testCount: 1, trainCount: exampleCount, similarity, most: 5, least: 5 }
    const ranker = backend.openRanking(options)
    for await (const { gradients, start } of stream.tiles(undefined)) {
      await ranker.add(test, 0, gradients, start)
    }
    await ranker.finish()
    ranker[Symbol.dispose]()
  }

  const ways = { fetching, reading, ranking }
  const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const start = performance.now()
      await way()
      // The first round is a warm-up.
      if (round > 0) times.get(name)!.push(performance.now() - start)
    }
  }
  const alone = median(times.get('fetching')!)
  console.log(`${exampleCount} rows, ${(bytes / 1e6).toFixed(0)} MB, median of ${ROUNDS}`)
  for (const [name, measured] of times) {
    const speed = bytes / 1e3 / median(measured)
    const share = (100 * alone) / median(measured)
    console.log(`${name.padEnd(9)} ${speed.toFixed(0)} MB/s, ${share.toFixed(0)} % of fetching`)
  }
  test[Symbol.dispose]()
  backend[Symbol.dispose]()
} finally {
  server.kill()
  rmSync(folder, { recursive: true })
}
