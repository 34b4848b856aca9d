import { StoreError } from '../../errors.js'

/** The only way to write in Safari before version 26, in workers. TypeScript's DOM types lack it. */
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

/** Replaces a file as a whole. */
export async function writeFile(
  directory: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const handle: FileHandle = await directory.getFileHandle(name, { create: true })
  if (handle.createWritable !== undefined) {
    // The browser writes to a temporary file and moves it into place on close.
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
      'This browser can write to its origin private file system only in workers. Call fit in a worker.',
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
  // If space runs out, some browsers write a part and return its length.
  if (file.write(bytes) !== bytes.length) {
    throw new DOMException('Only a part was written.', 'QuotaExceededError')
  }
  file.flush()
}
