import type { NamedFile } from './named-file.js'

/** The files of an input; of a folder, with their paths in it. */
export function listInputFiles(input: HTMLInputElement): NamedFile[] {
  return Array.from(input.files ?? [], (file) => ({
    path: file.webkitRelativePath || file.name,
    blob: file,
  }))
}

/** The files that were dropped, with those in folders. Must be called within the event. */
export async function listDroppedFiles(transfer: DataTransfer): Promise<NamedFile[]> {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry())
  const loose = Array.from(transfer.files)
  const files: NamedFile[] = []
  for (const entry of entries) if (entry !== null) await addEntry(entry, files)
  return files.length > 0 ? files : loose.map((file) => ({ path: file.name, blob: file }))
}

async function addEntry(entry: FileSystemEntry, files: NamedFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      ;(entry as FileSystemFileEntry).file(resolve, reject)
    })
    files.push({ path: entry.fullPath.replace(/^\//, ''), blob: file })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // A reader returns a hundred entries at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject)
    })
    if (some.length === 0) return
    for (const inner of some) await addEntry(inner, files)
  }
}
