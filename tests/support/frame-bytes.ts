/** The CRC-32, bit by bit. */
export function slowCrc32(bytes: Iterable<number>): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}

/** The text of a frame's header, without its padding. */
export function readHeaderText(frame: Uint8Array): string {
  const length = Number(new DataView(frame.buffer, frame.byteOffset).getBigUint64(0, true))
  return new TextDecoder().decode(frame.subarray(8, 8 + length)).trimEnd()
}

/** Returns the frame with a changed header, with the right length, padding and checksum. */
export function changeHeader(
  frame: Uint8Array,
  change: (header: string) => string,
): Uint8Array<ArrayBuffer> {
  const oldLength = Number(new DataView(frame.buffer, frame.byteOffset).getBigUint64(0, true))
  const header = new TextEncoder().encode(change(readHeaderText(frame)))
  const length = Math.ceil(header.length / 8) * 8
  const data = frame.subarray(8 + oldLength)
  const changed = new Uint8Array(8 + length + data.length).fill(0x20)
  new DataView(changed.buffer).setBigUint64(0, BigInt(length), true)
  changed.set(header, 8)
  changed.set(data, 8 + length)
  return withChecksum(changed)
}

export function withChecksum(frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  frame.fill(0x30, 37, 45)
  const checksum = slowCrc32(frame).toString(16).padStart(8, '0')
  frame.set(new TextEncoder().encode(checksum), 37)
  return frame
}
