/**
 * The bytes of a text in base64 that gzip has compressed.
 *
 * @throws Error where the browser has no DecompressionStream
 */
export async function decompress(text: string): Promise<ArrayBuffer> {
  if (typeof DecompressionStream === 'undefined') {
    throw new Error('this browser has no DecompressionStream. Browsers since May 2023 have it.')
  }
  const bytes = Uint8Array.from(atob(text.trim()), (character) => character.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Response(stream).arrayBuffer()
}
