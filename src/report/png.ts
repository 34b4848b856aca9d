import type { Raster } from '../elements/base/picture/pixels.js'
import { computeCrc32 } from '../frame/checksum.js'
import { joinArrays } from '../join-arrays.js'

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

/** The pixels as a PNG file of 8-bit RGBA, made without a canvas. */
export async function encodePng({ width, height, data }: Raster): Promise<Uint8Array> {
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  // 8 bits per channel, RGBA; the only compression, filter and interlace methods that count are 0.
  header.set([8, 6], 8)
  const stride = width * 4
  const lines = new Uint8Array(height * (stride + 1))
  for (let row = 0; row < height; row++) {
    lines.set(data.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1)
  }
  const chunks = [
    createChunk('IHDR', header),
    createChunk('IDAT', await deflate(lines)),
    createChunk('IEND', new Uint8Array()),
  ]
  return joinArrays(Uint8Array, [signature, ...chunks])
}

function createChunk(type: string, data: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(data.length + 12)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, data.length)
  chunk.set(new TextEncoder().encode(type), 4)
  chunk.set(data, 8)
  view.setUint32(data.length + 8, computeCrc32(chunk.subarray(4, data.length + 8)))
  return chunk
}

/** The bytes in zlib's format. */
async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
