/**
 * A file of the demo could not be loaded. The message contains the file, the reason and a remedy.
 */
class LoadError extends Error {
  override readonly name = 'LoadError'

  constructor(url: string | URL, reason: string, options?: ErrorOptions) {
    const [folder = '', name = ''] = new URL(url).pathname.split('/').slice(-2)
    super(
      `${folder}/${name} could not be loaded: ${reason}. ` +
        `Check the connection and that the folder ${folder}/ is served next to this page; then try again.`,
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

/**
 * The bytes of a file, decompressed if it is gzipped. Checks the number of bytes if it is given.
 */
export async function fetchBytes(
  url: URL,
  byteLength: number | undefined,
  { gzip, signal }: { readonly gzip: boolean; readonly signal?: AbortSignal | undefined },
): Promise<Uint8Array> {
  const { body } = await fetchFile(url, signal)
  if (body === null) throw new LoadError(url, 'the response is empty')
  const bytes = await readAll(
    gzip ? body.pipeThrough(new DecompressionStream('gzip')) : body,
  ).catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw new LoadError(url, 'it is incomplete or damaged', { cause })
  })
  if (byteLength !== undefined && bytes.length !== byteLength) {
    throw new LoadError(url, `it has ${bytes.length} bytes instead of ${byteLength}`)
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
  if (!response.ok) throw new LoadError(url, `the server responded with ${response.status}`)
  return response
}

async function readAll(stream: ReadableStream<BufferSource>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  )
}
