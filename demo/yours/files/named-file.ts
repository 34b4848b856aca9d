/** A file with its path within what the visitor dropped: 'model/weights.bin'. */
export interface NamedFile {
  readonly path: string
  readonly blob: Blob
}

/** What a file can't be used for, and the way out, in words for the visitor. */
export class FileError extends Error {
  override readonly name = 'FileError'
}

/** The last part of a path: 'weights.bin'. */
export const baseName = (path: string): string => path.split('/').at(-1) ?? path

/** The folder of a path, with a trailing slash, or ''. */
export const folderOf = (path: string): string => path.slice(0, path.length - baseName(path).length)

/** The ending of a path in lower case, without the dot, or ''. */
export function endingOf(path: string): string {
  const name = baseName(path)
  const dot = name.lastIndexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
}

/** Files that operating systems add, and that nobody means. */
export const isHidden = (path: string): boolean =>
  path
    .split('/')
    .some((part) => part.startsWith('.') || part === '__MACOSX' || part === 'Thumbs.db')

export async function readBytes({ blob }: NamedFile): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer())
}

/** @throws FileError if the file isn't JSON */
export async function readJson(file: NamedFile): Promise<unknown> {
  const text = await file.blob.text()
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new FileError(
      `${baseName(file.path)} is not valid JSON, so it may be cut off. Copy or download it again.`,
      { cause },
    )
  }
}

/** Names of files for a message: the first three of them. */
export function listPaths(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).join(', ')
  return paths.length > 3 ? `${shown} and ${paths.length - 3} more` : shown
}
