import type { MemoryStore } from 'gradlens'
import { formatChunkKey, readChecksum } from '../../../src/store/zarr/format/array-metadata.js'
import { Checksums } from '../../../src/store/zarr/format/checksums.js'
import { encodeJson } from '../../../src/store/zarr/format/encode-json.js'
import { sealObject } from '../../../src/store/zarr/format/sealed-json.js'
import {
  encodeHeader,
  listArrays,
  parseHeader,
  rootKey,
} from '../../../src/store/zarr/format/store-header.js'
import { encodeAllChecksums } from '../../../src/store/zarr/writing/encode-checksums.js'

/** Gives a changed header the right hash of its fields. */
export async function sealHeader(store: MemoryStore): Promise<void> {
  const root = JSON.parse(new TextDecoder().decode(await store.get(rootKey))) as {
    attributes: { gradlens: object }
  }
  const fields = Object.entries(root.attributes.gradlens).filter(([name]) => name !== 'hash')
  root.attributes.gradlens = await sealObject(Object.fromEntries(fields))
  await store.set(rootKey, encodeJson(root))
}

/** Puts the checksums of changed chunks into the table, and its hash into the header. */
export async function sealChunks(store: MemoryStore): Promise<void> {
  const header = await parseHeader((await store.get(rootKey))!)
  const arrays = listArrays(header)
  const checksums = await Checksums.create(0, arrays.length)
  for (let chunk = 0; chunk < Math.ceil(header.rowsWritten / header.rowsPerChunk); chunk++) {
    for (const array of arrays) {
      checksums.append([readChecksum((await store.get(formatChunkKey(array, chunk)))!)])
    }
  }
  for (const [key, bytes] of encodeAllChecksums(checksums, header, undefined)) {
    await store.set(key, bytes)
  }
  await store.set(rootKey, await encodeHeader({ ...header, checksumsHash: checksums.hash }))
}
