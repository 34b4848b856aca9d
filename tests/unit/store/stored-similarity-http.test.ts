import { GradientSimilarity, HttpStore, MemoryStore, type NdArray } from 'gradlens'
import { beforeEach, expect, it } from 'vitest'
import { answerRange, type Handler, serve } from '../../support/stores/http-server.js'
import { classifier, testX, trainClasses, trainX } from '../../support/models/small-nets.js'

const loss = 'sparseCategoricalCrossentropy'

let memory: MemoryStore

beforeEach(async () => {
  memory = new MemoryStore()
  using explainer = new GradientSimilarity(classifier(), loss, {
    precomputeGrads: true,
    store: memory,
    storeRowsPerChunk: 2,
  })
  await explainer.fit(trainX, trainClasses)
})

/** The address of the store; the answers to requests for a chunk of gradients are what `spoil` makes of them. */
function serveStore(
  spoil: (bytes: Uint8Array, count: number, ...rest: Parameters<Handler>) => Uint8Array | null,
): Promise<string> {
  const counts = new Map<string, number>()
  return serve((request, response) => {
    const key = request.url!.replace(/^\/store\//, '')
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    void memory.get(key).then((bytes) => {
      if (bytes === undefined) {
        response.writeHead(404).end()
        return
      }
      const answer = /^segment.*c\./.test(key) ? spoil(bytes, count, request, response) : bytes
      if (answer !== null) answerRange(request, response, answer)
    })
  })
}

const open = (url: string): Promise<GradientSimilarity<NdArray>> =>
  GradientSimilarity.open(new HttpStore(url, { retryDelayMs: 1 }), classifier(), loss)

const flipped = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, i) => (i === 7 ? byte ^ 16 : byte))

it('ranks from a server as from memory, for any requests that fail at the first try', async () => {
  using local = await GradientSimilarity.open(memory, classifier(), loss)
  const expected = await local.explain(testX)
  const faults: ((bytes: Uint8Array, ...rest: Parameters<Handler>) => Uint8Array | null)[] = [
    flipped,
    (bytes, _, response) => {
      response.writeHead(200, { 'Content-Length': bytes.length })
      response.write(bytes.subarray(0, 5), () => response.destroy())
      return null
    },
    (_bytes, _, response) => {
      response.writeHead(503).end()
      return null
    },
  ]
  for (const fault of faults) {
    const url = await serveStore((bytes, count, ...rest) =>
      count === 1 ? fault(bytes, ...rest) : bytes,
    )
    using explainer = await open(url)
    expect((await explainer.explain(testX)).data).toEqual(expected.data)
  }
})

it('names array and chunk if they stay damaged', async () => {
  const url = await serveStore((bytes, _, { url: path }) =>
    path!.includes('segment-0') && path!.includes('/c.1.') ? flipped(bytes) : bytes,
  )
  using explainer = await open(url)
  await expect(explainer.explain(testX)).rejects.toMatchObject({
    name: 'StoreError',
    failure: 'damaged',
    array: expect.stringMatching(/^segment-0/) as string,
    chunk: 1,
  })
})

it('reports a server that becomes unreachable while streaming', async () => {
  let asked = 0
  const url = await serveStore((bytes, _count, request) => {
    if (++asked <= 8) return bytes
    request.socket.destroy()
    return null
  })
  using explainer = await open(url)
  await expect(explainer.explain(testX)).rejects.toMatchObject({
    name: 'StoreError',
    failure: 'unreachable',
  })
})
