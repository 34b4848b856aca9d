import type { DeviceChoice } from '../settings.js'

/** Bytes of the model and of ONNX Runtime, which the build fills in. */
declare const PHOTO_MODEL_BYTES: number
declare const ONNX_RUNTIME_BYTES: Readonly<Record<'wasm' | 'webgpu', number>>

export const modelBytes = PHOTO_MODEL_BYTES

/** The bytes of the ONNX Runtime for a device. */
export const countRuntimeBytes = (device: DeviceChoice): number =>
  ONNX_RUNTIME_BYTES[device === 'webgpu' ? 'webgpu' : 'wasm']

/**
 * The bytes of a file, with calls of `onBytes` as they arrive.
 *
 * @throws Error that names the file, if it can't be loaded
 */
export async function download(
  url: string | URL,
  onBytes: (count: number) => void,
): Promise<Uint8Array> {
  const name = new URL(url, location.href).pathname.split('/').at(-1) ?? ''
  const fail = (reason: string, cause?: unknown): Error =>
    new Error(`${name} could not be loaded: ${reason}. Check the connection; then try again.`, {
      cause,
    })
  try {
    const response = await fetch(url)
    if (!response.ok) throw fail(`the server responded with ${response.status}`)
    const body = response.body?.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller) {
          onBytes(chunk.length)
          controller.enqueue(chunk)
        },
      }),
    )
    return new Uint8Array(await new Response(body ?? null).arrayBuffer())
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith(name)) throw cause
    throw fail('the server cannot be reached', cause)
  }
}
