import binary from 'tfjs-backend-wasm:binary'

let compiling: Promise<WebAssembly.Module> | undefined

/**
 * Compiles the binary of TensorFlow.js's WebAssembly backend, once for all calls.
 *
 * @throws Error if the browser can't compile it, with the reason
 */
export function compileWasm(): Promise<WebAssembly.Module> {
  compiling ??= compile().catch((error: unknown) => {
    compiling = undefined
    throw error
  })
  return compiling
}

async function compile(): Promise<WebAssembly.Module> {
  if (typeof WebAssembly === 'undefined') throw new Error('WebAssembly is not available here')
  try {
    return await WebAssembly.compile(await inflate(binary))
  } catch (cause) {
    const { message } = cause as Error
    throw new Error(`WebAssembly could not compile the backend (${message}). ${wayOut(message)}`, {
      cause,
    })
  }
}

const wayOut = (message: string): string =>
  /unsafe-eval|security|\bCSP\b/i.test(message)
    ? "The page's content security policy needs 'wasm-unsafe-eval' in script-src."
    : 'It needs a browser with WebAssembly SIMD: Chrome 91, Firefox 89 or Safari 16.4, or later.'

/** The bytes of a text in base64 that are compressed with deflate. */
async function inflate(text: string): Promise<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Response(stream).arrayBuffer()
}
