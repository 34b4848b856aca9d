/**
 * Writes the store of tests/support/stores/written-store.ts into a folder, for pack_shards.py:
 *
 *     npx tsx tests/peers/write-store.ts FOLDER
 */
import process from 'node:process'
import { FileSystemStore } from '../../src/node/file-system-store.js'
import { storedRowCount, writeRows } from '../support/stores/written-store.js'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('Expected the folder of the new store.')
await writeRows(new FileSystemStore(folder), storedRowCount)
