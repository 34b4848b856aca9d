import { getNumberKernels } from './number-kernels.js'

/** CRC-32C (Castagnoli; RFC 3720, B.4) of the bytes, as an unsigned integer. */
export const crc32c = (bytes: Uint8Array): number =>
  getNumberKernels()?.crc32c(bytes) ?? plainCrc32c(bytes)

/** The same in JavaScript: sixteen bytes per step, with as many tables (Kounavis and Berry, 2008). */
export function plainCrc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15] = (tables ??=
    buildTables())
  let crc = -1
  let at = 0
  const aligned = Math.min((4 - (bytes.byteOffset & 3)) & 3, bytes.length)
  for (; at < aligned; at++) crc = t0[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)

  const wordCount = (bytes.length - at) >>> 2
  // If there are no words, the offset may be out of range.
  const words = new Int32Array(bytes.buffer, wordCount === 0 ? 0 : bytes.byteOffset + at, wordCount)
  const stepped = words.length & ~3
  for (let word = 0; word < stepped; word += 4) {
    const w0 = crc ^ words[word]!
    const w1 = words[word + 1]!
    const w2 = words[word + 2]!
    const w3 = words[word + 3]!
    crc =
      t15[w0 & 255]! ^
      t14[(w0 >>> 8) & 255]! ^
      t13[(w0 >>> 16) & 255]! ^
      t12[w0 >>> 24]! ^
      t11[w1 & 255]! ^
      t10[(w1 >>> 8) & 255]! ^
      t9[(w1 >>> 16) & 255]! ^
      t8[w1 >>> 24]! ^
      t7[w2 & 255]! ^
      t6[(w2 >>> 8) & 255]! ^
      t5[(w2 >>> 16) & 255]! ^
      t4[w2 >>> 24]! ^
      t3[w3 & 255]! ^
      t2[(w3 >>> 8) & 255]! ^
      t1[(w3 >>> 16) & 255]! ^
      t0[w3 >>> 24]!
  }
  at += stepped * 4

  for (; at < bytes.length; at++) crc = t0[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}

type Table = Int32Array<ArrayBuffer>
type FourTables = [Table, Table, Table, Table]
type Tables = [...FourTables, ...FourTables, ...FourTables, ...FourTables]

let tables: Tables | undefined

/** Table k: the contribution of a byte with k more bytes after it in the step. */
function buildTables(): Tables {
  const first = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    first[byte] = crc
  }
  const next = (table: Table): Table => table.map((crc) => first[crc & 255]! ^ (crc >>> 8))
  const built = [first]
  while (built.length < 16) built.push(next(built.at(-1)!))
  return built as Tables
}

/** 0x1EDC6F41 with its bits reversed. */
const polynomial = 0x82f63b78
