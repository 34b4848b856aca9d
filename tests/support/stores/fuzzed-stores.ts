import {
  type GradientSimilarityOptions,
  GradientSimilarity,
  isGradlensError,
  MemoryStore,
  openGradientStore,
} from 'gradlens'
import { verifyGradientStore } from 'gradlens/node'
import { isDeepStrictEqual } from 'node:util'
import packed from '../../fixtures/python-shards.json' with { type: 'json' }
import { damageStore, forgeStore } from './damage-store.js'
import { seededRandom, uniform } from '../random.js'
import { classifier, testX } from '../models/small-nets.js'
import { writeRows } from './written-store.js'

/** Two versions of a store, with the contents of each. */
interface FuzzedStore {
  readonly name: string
  readonly versions: readonly [MemoryStore, MemoryStore]
  readonly read: (store: MemoryStore) => Promise<unknown>
  readonly expected: readonly unknown[]
}

const exampleCount = 20
const loss = 'sparseCategoricalCrossentropy'
const options = { device: 'cpu', batchSize: 8 } as const
const net = classifier()

/** All scores and examples for two questions. */
async function explain(store: MemoryStore): Promise<unknown> {
  using explainer = await GradientSimilarity.open(store, net, loss, options)
  const { scores, orderedIndices, mostSimilar, leastSimilar } = await explainer.explain(testX)
  return { scores, orderedIndices, mostSimilar, leastSimilar }
}

/** Everything that a reader returns, chunk by chunk and across chunks. */
async function readAllRows(store: MemoryStore): Promise<unknown> {
  const reader = await openGradientStore(store)
  const { rowCount } = reader
  return Promise.all(
    [[0, rowCount] as const, [3, 5] as const, [rowCount - 1, rowCount] as const].map(
      async ([start, end]) => [
        await reader.readGradients(start, end),
        await reader.readLabels(start, end),
        await reader.readIds(start, end),
        await reader.readExamples(start, end),
      ],
    ),
  )
}

async function fitVersion(seed: number, more: GradientSimilarityOptions): Promise<MemoryStore> {
  const random = seededRandom(seed)
  const store = new MemoryStore()
  using explainer = new GradientSimilarity(net, loss, {
    ...options,
    ...more,
    precomputeGrads: true,
    storeRowsPerChunk: 6,
    store,
  })
  const x = { data: uniform(random, exampleCount * 3, [-1, 1]), shape: [exampleCount, 3] }
  await explainer.fit(
    x,
    Array.from({ length: exampleCount }, () => Math.floor(random() * 3)),
  )
  return store
}

async function writeVersion(dtype: 'float32' | 'float16', seed: number): Promise<MemoryStore> {
  const store = new MemoryStore()
  await writeRows(store, 10, { dtype })
  if (seed === 1) return store
  // The other version has the same rows in another order.
  const { storedRows, writerOptions } = await import('./written-store.js')
  const { someRows } = await import('./gradient-rows.js')
  const { openGradientWriter } = await import('../../../src/store/zarr/writing/open-writer.js')
  const shuffled = new MemoryStore()
  const writer = await openGradientWriter(shuffled, { ...writerOptions, dtype })
  for (let row = 9; row >= 0; row--) await writer.append(someRows(storedRows, row, row + 1))
  await writer.close()
  return shuffled
}

async function unpackShards(): Promise<MemoryStore> {
  const store = new MemoryStore()
  for (const [key, content] of Object.entries(packed.files)) {
    await store.set(
      key,
      Uint8Array.from(atob(content), (character) => character.charCodeAt(0)),
    )
  }
  return store
}

async function createFuzzedStore(
  name: string,
  create: (seed: number) => Promise<MemoryStore>,
  read: (store: MemoryStore) => Promise<unknown>,
): Promise<FuzzedStore> {
  const versions = [await create(1), await create(2)] as const
  return { name, versions, read, expected: await Promise.all(versions.map(read)) }
}

/** Stores of every kind: exact, in float16, projected, with lookups, with examples or their addresses, in shards. */
export const createFuzzedStores = (): Promise<readonly FuzzedStore[]> =>
  Promise.all([
    createFuzzedStore('float32', (seed) => fitVersion(seed, {}), explain),
    createFuzzedStore(
      'float16',
      (seed) =>
        fitVersion(seed, {
          storeDtype: 'float16',
          storeExamples: 'https://example.org/{id}.png',
        }),
      explain,
    ),
    createFuzzedStore(
      'projected',
      (seed) => fitVersion(seed, { projection: { size: 12 }, storeExamples: false }),
      explain,
    ),
    createFuzzedStore('rows', (seed) => writeVersion('float32', seed), readAllRows),
    createFuzzedStore('float16 rows', (seed) => writeVersion('float16', seed), readAllRows),
    createFuzzedStore('shards', unpackShards, readAllRows),
  ])

/** The result for a damaged store: it was refused, or has the contents of one of its versions. */
export type Outcome = 'refused' | 'right'

/**
 * Damages a copy of a store and reads it.
 *
 * @throws an Error that describes the damage if the store gives anything but the numbers of one of its versions or an
 *   error of ours, or takes too long
 */
export async function checkDamagedStore(store: FuzzedStore, seed: number): Promise<Outcome> {
  const random = seededRandom(seed)
  const isForged = random() < 0.15
  const copy = new MemoryStore()
  const [version, other] = random() < 0.5 ? store.versions : store.versions.toReversed()
  for (const key of version.keys()) await copy.set(key, (await version.get(key))!)
  const damage = await (isForged ? forgeStore : damageStore)(copy, other, random)
  const fail = (reason: string, cause?: unknown): never => {
    throw new Error(`store '${store.name}', seed ${seed}: ${reason}. Damage: ${damage}`, { cause })
  }
  const attempt = async (
    step: () => Promise<unknown>,
  ): Promise<{ readonly value: unknown } | undefined> => {
    try {
      return { value: await withTimeout(step()) }
    } catch (error) {
      return isGradlensError(error) ? undefined : fail(String(error), error)
    }
  }
  const read = await attempt(() => store.read(copy))
  const verified = await attempt(() => verifyGradientStore(copy))
  // A forged store has the hashes of its contents, so any of them may be returned, by the same rules.
  if (isForged) return read === undefined ? 'refused' : 'right'
  const { damaged = [] } = (verified?.value ?? {}) as { readonly damaged?: readonly unknown[] }
  const isWhole = verified !== undefined && damaged.length === 0
  if (read === undefined)
    return isWhole ? fail('verify calls it whole, but it was refused') : 'refused'
  const isRight = store.expected.some((expected) => isDeepStrictEqual(read.value, expected))
  return isRight ? 'right' : fail('it gives other numbers than were stored')
}

/** Hundreds of times the duration of a read. */
const timeoutMs = 10_000

async function withTimeout<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`nothing happened for ${timeoutMs} ms`))
    }, timeoutMs)
  })
  try {
    return await Promise.race([promise, expiry])
  } finally {
    clearTimeout(timer)
  }
}
