/** The bytes of a file of tests/fixtures, in Node or in a page. */
export async function fixtureBytes(path: string): Promise<ArrayBuffer> {
  if ('document' in globalThis) {
    const response = await fetch(`/tests/fixtures/${path}`)
    if (!response.ok) throw new Error(`${response.url}: ${response.status}`)
    return response.arrayBuffer()
  }
  const { readFile } = await import('node:fs/promises')
  return new Uint8Array(await readFile(`tests/fixtures/${path}`)).buffer
}

export async function fixtureJson(path: string): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await fixtureBytes(path)))
}

/** Little-endian float32 numbers in base64. */
export const floatsOf = (base64: string): Float32Array => new Float32Array(bytesOf(base64).buffer)

export const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0))
