import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'
import threadedUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url'
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url'
import { GradientSimilarity, HttpStore, MemoryStore } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import type { BaseStore, Explained, StreamTask } from './protocol.js'

const loss = 'sparseCategoricalCrossentropy'
const classCount = 10
const device = 'wasm'

const predictor = tfjsPredictor(notebookNet())

async function setBackend(): Promise<void> {
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plainUrl,
    'tfjs-backend-wasm-simd.wasm': simdUrl,
    'tfjs-backend-wasm-threaded-simd.wasm': threadedUrl,
  })
  await tf.setBackend('wasm')
}

/** The net of alibi's notebook, with the same weights in each page. */
function notebookNet(): tf.Sequential {
  let seed = 0
  const initial = (): { kernelInitializer: ReturnType<typeof tf.initializers.glorotUniform> } => ({
    kernelInitializer: tf.initializers.glorotUniform({ seed: ++seed }),
  })
  const convolution = { kernelSize: 2, padding: 'same', activation: 'relu' } as const
  return tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [28, 28, 1], filters: 64, ...convolution, ...initial() }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.conv2d({ filters: 32, ...convolution, ...initial() }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 256, activation: 'relu', ...initial() }),
      tf.layers.dense({ units: classCount, activation: 'softmax', ...initial() }),
    ],
  })
}

const pictures = (count: number, seed: number): tf.Tensor =>
  tf.randomUniform([count, 28, 28, 1], 0, 1, 'float32', seed)

/** Uploads two chunks of gradients as the base of longer stores. Returns the sizes by key. */
async function prepare({
  name,
  rowsPerChunk,
  projection,
}: BaseStore): Promise<Record<string, number>> {
  const exampleCount = 2 * rowsPerChunk
  const store = new MemoryStore()
  using explainer = new GradientSimilarity(predictor, loss, {
    device,
    precomputeGrads: true,
    store,
    storeDtype: 'float16',
    storeExamples: false,
    storeRowsPerChunk: rowsPerChunk,
    projection,
  })
  const x = pictures(exampleCount, 7)
  await explainer.fit(
    x,
    Array.from({ length: exampleCount }, (_, row) => row % classCount),
  )
  x.dispose()
  const sizes: Record<string, number> = {}
  for (const key of store.keys()) {
    const body = await store.get(key)
    sizes[key] = body?.length ?? 0
    await fetch(`/base/${name}/${key}`, { method: 'PUT', body: body ?? null })
  }
  return sizes
}

/** Ranks all rows of the store for one image, after a warm-up with a store of two chunks. */
async function explain(
  { name, rowsPerChunk }: BaseStore,
  exampleCount: number,
): Promise<Explained> {
  const x = pictures(1, 8)
  try {
    let explained: Explained | undefined
    for (const rows of [2 * rowsPerChunk, exampleCount]) {
      const address = `/store/${name}/${rows}/`
      const store = new HttpStore(address, rows === exampleCount ? {} : { cacheByteLength: 0 })
      using explainer = await GradientSimilarity.open(store, predictor, loss, { device })
      const start = performance.now()
      const { data, params } = await explainer.explain(x, undefined, { ranking: 'top', topK: 3 })
      explained = {
        ms: performance.now() - start,
        indices: [...data.orderedIndices.data],
        scores: [...data.scores.data],
        peakBytes: Number(params['peakBytes']),
      }
    }
    return explained!
  } finally {
    x.dispose()
  }
}

/** Measures the time for fetching the same files only. */
async function fetchAlone(keys: readonly string[], way: 'buffer' | 'reader'): Promise<number> {
  const waiting = [...keys]
  const start = performance.now()
  const fetchFiles = async (): Promise<void> => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      const response = await fetch(key)
      await (way === 'buffer' ? response.arrayBuffer() : readInto(response))
    }
  }
  await Promise.all(Array.from({ length: filesAtOnce }, fetchFiles))
  return performance.now() - start
}

/** More requests than a browser's connections to one server. */
const filesAtOnce = 12

/** Reads a body into a buffer of its length, the fastest way in a page. */
async function readInto({ body, headers }: Response): Promise<void> {
  let buffer = new ArrayBuffer(Number(headers.get('Content-Length')))
  const reader = body!.getReader({ mode: 'byob' })
  for (let at = 0; at < buffer.byteLength;) {
    const { value } = await reader.read(new Uint8Array(buffer, at))
    if (value === undefined || value.length === 0) throw new Error('The body ended too soon.')
    at += value.length
    buffer = value.buffer
  }
}

/** Runs the task in the page's address, and posts its result or error to the server. */
async function run(): Promise<void> {
  const task = JSON.parse(decodeURIComponent(location.hash.slice(1))) as StreamTask
  let result: object
  try {
    await setBackend()
    if (task.kind === 'prepare') result = await prepare(task.store)
    else if (task.kind === 'explain') result = await explain(task.store, task.exampleCount)
    else result = await compare(task.store, task.exampleCount, task.addresses, task.rounds)
  } catch (error) {
    result = { error: String(error) }
  }
  await fetch('/result', { method: 'POST', body: JSON.stringify(result) })
}

/** Measures the ways in turn, in milliseconds. The first round is a warm-up. */
async function compare(
  store: BaseStore,
  exampleCount: number,
  addresses: readonly string[],
  rounds: number,
): Promise<Record<string, number[]>> {
  const ways = {
    'fetching, arrayBuffer()': () => fetchAlone(addresses, 'buffer'),
    'fetching, into buffers': () => fetchAlone(addresses, 'reader'),
    ranking: async () => (await explain(store, exampleCount)).ms,
  }
  const times: Record<string, number[]> = {}
  for (let round = 0; round <= rounds; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const ms = await way()
      if (round > 0) (times[name] ??= []).push(ms)
    }
  }
  return times
}

await run()
