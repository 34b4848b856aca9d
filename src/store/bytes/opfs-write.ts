import { StoreError } from '../../errors.js'

/** What Safari before version 26 has, in workers alone; the DOM's types have it there only. */
interface SyncHandle {
  write(bytes: Uint8Array<ArrayBuffer>): number
  truncate(size: number): void
  flush(): void
  close(): void
}

interface FileHandle {
  createWritable?(): Promise<FileSystemWritableFileStream>
  createSyncAccessHandle?(): Promise<SyncHandle>
  move?(name: string): Promise<void>
}

/** Writes a file as a whole: until it is there, the old one is. */
export async function writeFile(
  directory: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const handle: FileHandle = await directory.getFileHandle(name, { create: true })
  if (handle.createWritable !== undefined) {
    // It writes to a file of its own, which takes the other's place when it is closed.
    const stream = await handle.createWritable()
    try {
      await stream.write(bytes)
      await stream.close()
    } catch (error) {
      await stream.abort().catch(() => undefined)
      throw error
    }
    return
  }
  const unfinishedName = `${name}.unfinished`
  const unfinished: FileHandle = await directory.getFileHandle(unfinishedName, { create: true })
  if (unfinished.createSyncAccessHandle === undefined || unfinished.move === undefined) {
    throw new StoreError(
      'unsupported',
      'This browser writes to its origin private file system in workers only; fit in a worker.',
    )
  }
  try {
    const file = await unfinished.createSyncAccessHandle()
    try {
      writeAll(file, bytes)
    } finally {
      file.close()
    }
    await unfinished.move(name)
  } catch (error) {
    await directory.removeEntry(unfinishedName).catch(() => undefined)
    throw error
  }
}

function writeAll(file: SyncHandle, bytes: Uint8Array<ArrayBuffer>): void {
  file.truncate(0)
  // Some browsers write what there is room for, and say how much it was.
  if (file.write(bytes) !== bytes.length) {
    throw new DOMException('Only a part could be written.', 'QuotaExceededError')
  }
  file.flush()
}
