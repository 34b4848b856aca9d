import { openGradientStore, type StoreError } from 'gradlens'
import { FileSystemStore } from 'gradlens/node'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { writeManyRows } from '../../support/stores/many-rows.js'
import { storedRows, writeRows } from '../../support/stores/written-store.js'

let directory: string
let store: FileSystemStore

beforeEach(() => {
  directory = path.join(mkdtempSync(path.join(tmpdir(), 'gradlens-store-')), 'store')
  store = new FileSystemStore(directory)
})

afterEach(() => {
  rmSync(path.dirname(directory), { recursive: true })
})

const text = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content)

/** All files below a directory, by name. */
function filesOf(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
  return Object.fromEntries(
    names.sort().map((name) => [path.relative(root, name), readFileSync(name, 'latin1')]),
  )
}

/** Another process that writes a store. */
function writerProcess(root: string): ChildProcess {
  return spawn(
    process.execPath,
    ['--import', 'tsx', 'tests/support/stores/store-writer-process.ts', root],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
}

/** Resolves when a process has reported the given number of rows. */
async function untilWritten(writer: ChildProcess, rowCount: number): Promise<void> {
  for await (const lines of writer.stdout!) {
    if (
      String(lines)
        .split('\n')
        .some((line) => Number(line) >= rowCount && line !== '')
    )
      return
  }
}

it('reads written files, whole and in part', async () => {
  await store.set('a/b', text('twelve bytes'))
  expect(await store.get('a/b')).toEqual(text('twelve bytes'))
  expect(await store.getRange('a/b', { offset: 2, length: 4 })).toEqual(text('elve'))
  expect(await store.getRange('a/b', { suffixLength: 5 })).toEqual(text('bytes'))
  expect(await store.getRange('a/b', { offset: 10, length: 4 })).toEqual(text('es'))
  await store.set('a/b', text('new'))
  expect(await store.get('a/b')).toEqual(text('new'))
})

it('finds nothing in a missing file or directory', async () => {
  expect(await store.get('zarr.json')).toBeUndefined()
  await store.set('a', text('a file'))
  expect(await store.get('a/b')).toBeUndefined()
})

it('refuses to read more than its limit', async () => {
  await store.set('a', text('four'))
  await expect(store.get('a', { maxByteLength: 3 })).rejects.toThrow('no more than 3')
})

it.each(['../a', '/etc/passwd', 'a/../../b', 'a\\..\\b', 'a/\0', '.', ''])(
  'refuses the key %j',
  async (key) => {
    const refusal = { name: 'InvalidArgumentError' }
    await expect(store.set(key, text('no'))).rejects.toMatchObject(refusal)
    await expect((async () => store.get(key))()).rejects.toMatchObject(refusal)
  },
)

it('follows no link out of the store', async () => {
  await store.set('a', text('in'))
  const outside = path.join(path.dirname(directory), 'outside')
  mkdirSync(outside)
  writeFileSync(path.join(outside, 'secret'), 'secret')
  symlinkSync(path.join(outside, 'secret'), path.join(directory, 'file'))
  symlinkSync(outside, path.join(directory, 'folder'))
  await expect(store.get('file')).rejects.toThrow('outside of the store')
  await expect(store.get('folder/secret')).rejects.toThrow('outside of the store')
  await expect(store.set('folder/new', text('x'))).rejects.toThrow('outside of the store')
  expect(readdirSync(outside)).toEqual(['secret'])
})

it('contains a store of gradients, and nothing else after it is written', async () => {
  await writeRows(store, 3)
  const reader = await openGradientStore(store)
  expect((await reader.readGradients(0, 10)).block).toEqual(storedRows.block)
  expect(readdirSync(directory).filter((name) => name.startsWith('.'))).toEqual([])
})

it('is consistent after its writer was killed at any moment, and identical in every byte after a resume', async () => {
  for (const rowCount of [0, 25]) {
    const writer = writerProcess(directory)
    await untilWritten(writer, rowCount)
    writer.kill('SIGKILL')
    await once(writer, 'exit')
    const reader = await openGradientStore(store)
    expect(reader.rowCount).toBeGreaterThanOrEqual(rowCount)
    if (reader.rowCount > 0) await reader.readGradients(0, reader.rowCount)
  }
  await writeManyRows(store)
  const undisturbed = path.join(path.dirname(directory), 'undisturbed')
  await writeManyRows(new FileSystemStore(undisturbed))
  expect(filesOf(directory)).toEqual(filesOf(undisturbed))
})

it('allows one of two processes to write, and refuses the other', async () => {
  const lock = await store.lock()
  await expect(new FileSystemStore(directory).lock()).rejects.toMatchObject({
    failure: 'locked',
    message: expect.stringContaining(`process ${process.pid} on ${hostname()}`) as string,
  })
  await lock.release()
  await (await new FileSystemStore(directory).lock()).release()
  expect(readdirSync(directory)).toEqual([])
})

it.each([
  ['of a process that has ended', { pid: 2 ** 22 + 1, host: hostname() }, 0],
  ['that another machine has not renewed for long', { pid: 1, host: 'elsewhere' }, 60],
])('takes over a lock %s', async (_, holder, age) => {
  const file = path.join(directory, '.lock')
  mkdirSync(directory)
  writeFileSync(file, JSON.stringify({ id: 'old', ...holder }))
  const time = Date.now() / 1000 - age
  utimesSync(file, time, time)
  const lock = await store.lock()
  await lock.assertHeld()
  await lock.release()
  expect(readdirSync(directory)).toEqual([])
})

it.each([
  ['another machine renewed a moment ago', JSON.stringify({ id: 'x', pid: 1, host: 'elsewhere' })],
  ['another process is just taking', ''],
])("doesn't take over a lock that %s", async (_, content) => {
  mkdirSync(directory)
  writeFileSync(path.join(directory, '.lock'), content)
  await expect(store.lock()).rejects.toMatchObject({ failure: 'locked' })
  expect(existsSync(path.join(directory, '.lock'))).toBe(true)
})

it('stops writing when its lock was taken from it', async () => {
  const lock = await store.lock()
  writeFileSync(
    path.join(directory, '.lock'),
    JSON.stringify({ id: 'x', pid: 7, host: 'elsewhere' }),
  )
  await expect(lock.assertHeld()).rejects.toThrow('taken over by process 7 on elsewhere')
  await lock.release()
  expect(existsSync(path.join(directory, '.lock'))).toBe(true)
})

it('allows only one process to take over an abandoned lock', async () => {
  mkdirSync(directory)
  const dead = { id: 'old', pid: 2 ** 22 + 1, host: hostname() }
  writeFileSync(path.join(directory, '.lock'), JSON.stringify(dead))
  const taken = await Promise.allSettled(
    Array.from({ length: 8 }, () => new FileSystemStore(directory).lock()),
  )
  const locks = taken.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const uploaded = await Promise.allSettled(locks.map((lock) => lock.assertHeld()))
  expect(uploaded.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const lock of locks) await lock.release()
})

it('locks rows at the same time as other rows, but not as the same ones or the whole', async () => {
  const first = await store.lock({ start: 0, end: 8 })
  const other = new FileSystemStore(directory)
  const beside = await other.lock({ start: 8, end: 16 })
  const locked = (what: string): object => ({
    failure: 'locked',
    message: expect.stringContaining(`${what} by process ${process.pid}`) as string,
  })
  const third = new FileSystemStore(directory)
  await expect(third.lock({ start: 0, end: 8 })).rejects.toMatchObject(locked('this store'))
  await expect(third.lock({ start: 4, end: 9 })).rejects.toMatchObject(
    locked('rows 0 to 7 of this store'),
  )
  await expect(third.lock()).rejects.toMatchObject({ failure: 'locked' })
  expect(readdirSync(directory).sort()).toEqual(['.lock-0-8', '.lock-8-16'])
  // What one writes is no rest of a dead writer to the other.
  const writing = Promise.all(
    Array.from({ length: 20 }, (_, i) => store.set(`chunk-${i}`, text('bytes'))),
  )
  await beside.release()
  await writing
  await first.release()
  const whole = await third.lock()
  await expect(store.lock({ start: 0, end: 8 })).rejects.toMatchObject(locked('this store'))
  await whole.release()
  expect(readdirSync(directory).filter((name) => name.startsWith('.'))).toEqual([])
})

it('removes the files and the lock of a killed writer of other rows', async () => {
  mkdirSync(path.join(directory, '.unfinished', 'dead'), { recursive: true })
  writeFileSync(path.join(directory, '.unfinished', 'dead', 'chunk'), 'half')
  const holder = { id: 'dead', pid: 2 ** 22 + 1, host: hostname() }
  writeFileSync(path.join(directory, '.lock-0-8'), JSON.stringify(holder))
  const lock = await store.lock({ start: 8, end: 16 })
  expect(readdirSync(directory)).toEqual(['.lock-8-16'])
  await lock.release()
})

it('lists names, and deletes files with the folders that become empty', async () => {
  await store.set('ranges/0-8.json', text('{}'))
  await store.set('ranges/8-16.json', text('{}'))
  expect((await store.list('ranges')).sort()).toEqual(['0-8.json', '8-16.json'])
  expect(await store.list('nothing')).toEqual([])
  await store.delete('ranges/0-8.json')
  expect(await store.list('ranges')).toEqual(['8-16.json'])
  await store.delete('ranges/8-16.json')
  await store.delete('ranges/8-16.json')
  expect(readdirSync(directory).filter((name) => !name.startsWith('.'))).toEqual([])
})

it('reports a full disk, and keeps the earlier rows', async () => {
  const program = `
    import { FileSystemStore } from 'gradlens/node'
    const store = new FileSystemStore(process.argv[2]!)
    await store.set('small', new Uint8Array(10))
    await store.set('large', new Uint8Array(4_000_000)).catch((error: { failure: string }) => {
      console.log(error.failure)
    })
  `
  const file = path.join(path.dirname(directory), 'program.mts')
  writeFileSync(
    file,
    program.replace("'gradlens/node'", JSON.stringify(path.resolve('src/node/index.ts'))),
  )
  // A limit on the size of files, in units of 512 or 1024 bytes, is as near to a full disk as a test gets.
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    'ulimit -f 2000; exec "$0" --import tsx "$1" "$2"',
    process.execPath,
    file,
    directory,
  ])
  expect(stdout.trim()).toBe('full')
  expect(filesOf(directory)).toEqual({ small: '\0'.repeat(10) })
})

it("reports other reasons why it can't be written or read", async () => {
  writeFileSync(directory, 'a file where the directory should be')
  const failure = async (promise: Promise<unknown>): Promise<StoreError> => {
    try {
      await promise
    } catch (error) {
      return error as StoreError
    }
    return expect.fail('It did not reject.')
  }
  expect(await failure(store.set('a', text('x')))).toMatchObject({
    name: 'StoreError',
    failure: 'unreachable',
  })
})
