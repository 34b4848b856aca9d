import type { MemoryStore } from 'gradlens'
import { sealChunks, sealHeader } from './sealed-store.js'

/** Numbers of [0, 1). */
type Random = () => number

/** A change of a store; it returns what it did, or undefined if it found nothing to change. */
type Damage = (
  store: MemoryStore,
  other: MemoryStore,
  random: Random,
) => Promise<string | undefined>

const pick = <Item>(items: readonly Item[], random: Random): Item =>
  items[Math.floor(random() * items.length)]!

const pickKey = (store: MemoryStore, random: Random, pattern = /./): string =>
  pick(
    store.keys().filter((key) => pattern.test(key)),
    random,
  )

const readBytes = async (store: MemoryStore, key: string): Promise<Uint8Array<ArrayBuffer>> =>
  (await store.get(key)) ?? new Uint8Array()

const readText = async (store: MemoryStore, key: string): Promise<string> =>
  new TextDecoder().decode(await readBytes(store, key))

const writeText = (store: MemoryStore, key: string, text: string): Promise<void> =>
  store.set(key, new TextEncoder().encode(text))

const changeBytes: Damage = async (store, _, random) => {
  const key = pickKey(store, random)
  const bytes = await readBytes(store, key)
  if (bytes.length === 0) return undefined
  const offsets = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
    Math.floor(random() * bytes.length),
  )
  for (const offset of offsets) bytes[offset]! ^= 1 << Math.floor(random() * 8)
  await store.set(key, bytes)
  return `bits of ${key} at ${offsets.join()}`
}

const changeLength: Damage = async (store, _, random) => {
  const key = pickKey(store, random)
  const bytes = await readBytes(store, key)
  const length = pick(
    [0, 1, 3, bytes.length - 4, bytes.length - 1, bytes.length + 1, 2 * bytes.length],
    random,
  )
  const changed = new Uint8Array(Math.max(0, length))
  changed.set(bytes.subarray(0, changed.length))
  await store.set(key, changed)
  return `${key} to ${length} bytes`
}

const removeFile: Damage = async (store, _, random) => {
  const key = pickKey(store, random)
  await store.delete(key)
  return `no ${key}`
}

/** Swaps two chunks of the same length, in an array or between arrays, if there are any. */
const swapChunks: Damage = async (store, _, random) => {
  const key = pickKey(store, random, /\/c[./]/)
  const bytes = await readBytes(store, key)
  const alike: string[] = []
  for (const other of store.keys()) {
    if (other !== key && (await readBytes(store, other)).length === bytes.length) alike.push(other)
  }
  if (alike.length === 0) return undefined
  const other = pick(alike, random)
  const isSwap = random() < 0.5
  if (isSwap) await store.set(key, await readBytes(store, other))
  await store.set(other, bytes)
  return `${key} ${isSwap ? 'and' : 'in place of'} ${other}`
}

/** Takes some files from another version of the store, or all but some. */
const mixVersions: Damage = async (store, other, random) => {
  const share = pick([0.03, 0.1, 0.5, 0.9], random)
  const keys = other.keys().filter(() => random() < share)
  for (const key of keys) await store.set(key, await readBytes(other, key))
  return `${keys.join()} of another version`
}

const numbers = [
  '0',
  '-1',
  '1.5',
  '7',
  '4096',
  '65537',
  '2147483647',
  '1e9',
  '1e300',
  'null',
  '"3"',
]

const changeNumber: Damage = async (store, _, random) => {
  const key = pickKey(store, random, /zarr\.json$/)
  const text = await readText(store, key)
  const found = [...text.matchAll(/(?<=[\s[:])-?\d+(?=[\s,\]}])/g)]
  if (found.length === 0) return undefined
  const { 0: old, index } = pick(found, random)
  const near = `${Number(old) + (random() < 0.5 ? 1 : -1)}`
  const value = random() < 0.5 ? near : pick(numbers, random)
  await writeText(store, key, text.slice(0, index) + value + text.slice(index + old.length))
  return `${old} at ${index} of ${key} to ${value}`
}

const changeString: Damage = async (store, _, random) => {
  const key = pickKey(store, random, /zarr\.json$/)
  const text = await readText(store, key)
  const found = [...text.matchAll(/"[^"\n]*"/g)]
  if (found.length === 0) return undefined
  const { 0: old, index } = pick(found, random)
  const value = random() < 0.6 ? pick(found, random)[0] : pick(['""', '"\\u0000"', '[]'], random)
  await writeText(store, key, text.slice(0, index) + value + text.slice(index + old.length))
  return `${old} at ${index} of ${key} to ${value}`
}

const removeLines: Damage = async (store, _, random) => {
  const key = pickKey(store, random, /zarr\.json$/)
  const lines = (await readText(store, key)).split('\n')
  const at = Math.floor(random() * lines.length)
  const removed = lines.splice(at, 1 + Math.floor(random() * 3))
  await writeText(store, key, lines.join('\n'))
  return `no ${removed.join(' ')} in ${key}`
}

const damages: readonly Damage[] = [
  changeBytes,
  changeLength,
  removeFile,
  swapChunks,
  swapChunks,
  mixVersions,
  mixVersions,
  changeNumber,
  changeNumber,
  changeString,
  removeLines,
]

/** Damages a store in one to three ways, and returns what was done. */
export async function damageStore(
  store: MemoryStore,
  other: MemoryStore,
  random: Random,
): Promise<string> {
  const count = 1 + Math.floor(random() ** 3 * 3)
  const done: (string | undefined)[] = []
  for (let i = 0; i < count && store.keys().length > 0; i++) {
    done.push(await pick(damages, random)(store, other, random))
  }
  return done.filter((what) => what !== undefined).join('; ')
}

/** Makes a store that is wrong but whose hashes are right, as far as it can still be read. */
export async function forgeStore(
  store: MemoryStore,
  other: MemoryStore,
  random: Random,
): Promise<string> {
  const done = await damageStore(store, other, random)
  try {
    await sealHeader(store)
    await sealChunks(store)
  } catch {
    return `${done}; partly sealed`
  }
  return `${done}; sealed`
}
