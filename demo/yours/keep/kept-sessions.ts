import { OpfsStore } from 'gradlens'
import type { NamedFile } from '../files/named-file.js'
import type { Choices } from '../choices.js'

/** Directories of kept sessions begin with it; those of their gradients continue their names. */
const prefix = 'yours-'
const sessionPattern = /^yours-([\da-f-]{36})$/

/** A model and examples that the visitor keeps in this browser. */
export interface KeptSession {
  readonly id: string
  readonly title: string
  /** Milliseconds since 1970. */
  readonly keptAt: number
  readonly choices: Choices
}

interface SessionFile extends Omit<KeptSession, 'id'> {
  readonly model: readonly string[]
  readonly data: readonly string[]
}

/** Whether this browser can keep files for the page. */
export const canKeep = (): boolean =>
  typeof (navigator as { readonly storage?: StorageManager }).storage?.getDirectory === 'function'

/** The name of the store of gradients for these choices. */
export async function nameStore(
  id: string,
  { output, plan, loss, parameters }: Choices,
): Promise<string> {
  const text = JSON.stringify([output, plan, loss, parameters])
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const digits = Array.from(new Uint8Array(hash, 0, 8), (byte) =>
    byte.toString(16).padStart(2, '0'),
  )
  return `${prefix}${id}-gradients-${digits.join('')}`
}

/** Keeps a model, examples and choices. @throws StoreError if the browser has no room */
export async function keepSession(
  id: string,
  session: Omit<KeptSession, 'id' | 'keptAt'>,
  files: { readonly model: readonly NamedFile[]; readonly data: readonly NamedFile[] },
): Promise<void> {
  const store = new OpfsStore(`${prefix}${id}`)
  for (const part of ['model', 'data'] as const) {
    for (const [index, { blob }] of files[part].entries()) {
      await store.set(`${part}/${index}`, new Uint8Array(await blob.arrayBuffer()))
    }
  }
  const written: SessionFile = {
    ...session,
    keptAt: Date.now(),
    model: files.model.map(({ path }) => path),
    data: files.data.map(({ path }) => path),
  }
  // Written last: a session without it is not complete, and is not listed.
  await store.set('session.json', new TextEncoder().encode(JSON.stringify(written)))
}

/** The sessions that are kept, the latest first. */
export async function listSessions(): Promise<KeptSession[]> {
  if (!canKeep()) return []
  const found: KeptSession[] = []
  for (const id of await listFolders()) {
    const file = await readSession(id)
    if (file !== undefined) found.push({ id, ...file })
  }
  return found.sort((a, b) => b.keptAt - a.keptAt)
}

/** The files of a session. @throws Error if one is missing */
export async function loadSession(
  id: string,
): Promise<{ readonly model: NamedFile[]; readonly data: NamedFile[] }> {
  const file = await readSession(id)
  if (file === undefined) throw new Error('This browser no longer has this session.')
  const store = new OpfsStore(`${prefix}${id}`)
  const read = (part: 'model' | 'data'): Promise<NamedFile[]> =>
    Promise.all(
      file[part].map(async (path, index) => {
        const bytes = await store.get(`${part}/${index}`)
        if (bytes === undefined) throw new Error(`The kept file ${path} is missing. Drop it again.`)
        return { path, blob: new Blob([bytes]) }
      }),
    )
  const [model, data] = await Promise.all([read('model'), read('data')])
  return { model, data }
}

/** Deletes a session with its gradients. */
export async function deleteSession(id: string): Promise<void> {
  const root = await navigator.storage.getDirectory()
  for (const name of await listDirectories(root)) {
    if (name.startsWith(`${prefix}${id}`)) await root.removeEntry(name, { recursive: true })
  }
}

async function listFolders(): Promise<string[]> {
  try {
    const names = await listDirectories(await navigator.storage.getDirectory())
    return names.flatMap((name) => sessionPattern.exec(name)?.[1] ?? [])
  } catch {
    // The browser keeps nothing for this page, as in some private windows.
    return []
  }
}

async function listDirectories(root: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = []
  for await (const [name, handle] of root.entries()) {
    if (handle.kind === 'directory') names.push(name)
  }
  return names
}

async function readSession(id: string): Promise<SessionFile | undefined> {
  const bytes = await new OpfsStore(`${prefix}${id}`).get('session.json')
  if (bytes === undefined) return undefined
  return JSON.parse(new TextDecoder().decode(bytes)) as SessionFile
}
