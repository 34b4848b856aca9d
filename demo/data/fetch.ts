/** A file of the demo did not come; the message says which, why, and what to do. */
class LoadError extends Error {
  override readonly name = 'LoadError'

  constructor(url: string | URL, reason: string, options?: ErrorOptions) {
    const file = new URL(url).pathname.split('/').slice(-2).join('/')
    super(
      `${file} could not be loaded: ${reason}. ` +
        'Check the connection, and that the folder mnist/ is served beside this page; then try again.',
      options,
    )
  }
}

export async function fetchJson<Json>(url: URL, signal?: AbortSignal): Promise<Json> {
  const response = await fetchFile(url, signal)
  try {
    return (await response.json()) as Json
  } catch (cause) {
    signal?.throwIfAborted()
    throw new LoadError(url, 'it is not valid JSON', { cause })
  }
}

/** The bytes of a file, unpacked where it is gzipped; as many as were announced, where they were. */
export async function fetchBytes(
  url: URL,
  byteLength: number | undefined,
  { gzip, signal }: { readonly gzip: boolean; readonly signal?: AbortSignal | undefined },
): Promise<Uint8Array> {
  const { body } = await fetchFile(url, signal)
  if (body === null) throw new LoadError(url, 'the answer is empty')
  const bytes = await readAll(
    gzip ? body.pipeThrough(new DecompressionStream('gzip')) : body,
  ).catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw new LoadError(url, 'it broke off or is damaged', { cause })
  })
  if (byteLength !== undefined && bytes.length !== byteLength) {
    throw new LoadError(url, `it has ${bytes.length} bytes where ${byteLength} were announced`)
  }
  return bytes
}

async function fetchFile(url: URL, signal: AbortSignal | undefined): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { signal: signal ?? null })
  } catch (cause) {
    signal?.throwIfAborted()
    throw new LoadError(url, 'the server cannot be reached', { cause })
  }
  if (!response.ok) throw new LoadError(url, `the server answers ${response.status}`)
  return response
}

async function readAll(stream: ReadableStream<BufferSource>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  )
}
