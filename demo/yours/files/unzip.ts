import { unzip } from 'fflate'
import { baseName, endingOf, FileError, isHidden, readBytes, type NamedFile } from './named-file.js'

/** Replaces zip archives by the files in them. Hidden files are left out. */
export async function expandZips(files: readonly NamedFile[]): Promise<NamedFile[]> {
  const expanded: NamedFile[] = []
  for (const file of files) {
    if (isHidden(file.path)) continue
    if (endingOf(file.path) !== 'zip') {
      expanded.push(file)
      continue
    }
    for (const inner of await readZip(file)) if (!isHidden(inner.path)) expanded.push(inner)
  }
  return expanded
}

/**
 * The files in a zip archive, such as a .zip, .npz or .keras file.
 *
 * @throws FileError if it is cut off or damaged
 */
export async function readZip(file: NamedFile): Promise<NamedFile[]> {
  const bytes = await readBytes(file)
  const entries = await new Promise<Record<string, Uint8Array>>((resolve, reject) => {
    unzip(bytes, (error, content) => {
      if (error === null) resolve(content)
      else reject(damaged(file, error))
    })
  })
  return Object.entries(entries)
    .filter(([path]) => !path.endsWith('/'))
    .map(([path, content]) => ({ path, blob: new Blob([content as BlobPart]) }))
}

const damaged = ({ path }: NamedFile, cause: Error): FileError =>
  new FileError(
    `${baseName(path)} can't be unpacked: ${cause.message}. It may be cut off. Copy or download it again.`,
    { cause },
  )
