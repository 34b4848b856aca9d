import { decodeEight } from './decode-eight'

/** How many bytes are decoded at once: input and output together fit into a core's own cache. */
const pieceSize = 1 << 17

/**
 * x^(128·209) is congruent to the sum of x^(128·e) for e = 144, 54, 39, 14 and 0 modulo the checksum's polynomial: sixteen
 * bytes may be added to those at these distances behind them, in units of sixteen bytes (209 − e), without a table. No six powers of x^128 closer together add up to zero; of four, the nearest are 5,275 apart.
 */
const distance0: usize = 65 << 4
const distance1: usize = 155 << 4
const distance2: usize = 170 << 4
const distance3: usize = 195 << 4
const distance4: usize = 209 << 4

const tables = memory.data(16 * 256 * 4, 16)
const before = memory.data((209 << 4) + (1 << 17) + 16, 16)
/** What is folded into it stands right before it. */
const input = before + distance4
const output = memory.data((1 << 18) + 32, 16)

export function inputAddress(): usize {
  return input
}

export function outputAddress(): usize {
  return output
}

export function pieceByteLength(): i32 {
  return pieceSize
}

// Table k: what a byte contributes that has k more bytes after it in the step.
for (let byte: u32 = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  store<u32>(tables + (byte << 2), crc)
}
for (let table: u32 = 1; table < 16; table++) {
  for (let byte: u32 = 0; byte < 256; byte++) {
    const last = load<u32>(tables + ((table - 1) << 10) + (byte << 2))
    const next = lookUp(0, last & 255) ^ (last >>> 8)
    store<u32>(tables + (table << 10) + (byte << 2), next)
  }
}

function lookUp(table: u32, byte: u32): u32 {
  return load<u32>(tables + (table << 10) + (byte << 2))
}

function lookUpWord(table: u32, word: u32): u32 {
  return (
    lookUp(table + 3, word & 255) ^
    lookUp(table + 2, (word >>> 8) & 255) ^
    lookUp(table + 1, (word >>> 16) & 255) ^
    lookUp(table, word >>> 24)
  )
}

/** Returns CRC-32C before its last inversion, after `byteLength` more bytes of the input. */
export function updateCrc32c(crc: u32, byteLength: i32): u32 {
  let at = input
  const stepped = input + (byteLength & ~15)
  for (; at < stepped; at += 16) {
    const first = crc ^ load<u32>(at)
    crc =
      lookUpWord(8, load<u32>(at, 4)) ^
      lookUpWord(4, load<u32>(at, 8)) ^
      lookUpWord(0, load<u32>(at, 12)) ^
      lookUpWord(12, first)
  }
  const end = input + byteLength
  for (; at < end; at++) crc = lookUp(0, (crc ^ load<u8>(at)) & 255) ^ (crc >>> 8)
  return crc
}

export function foldDistance(): i32 {
  return <i32>distance4
}

/** Begins the checksum of what is folded from now on; the input holds the first bytes of it. */
export function startFold(): void {
  memory.fill(before, 0, distance4)
  store<u32>(input, ~load<u32>(input))
}

/** Adds `byteLength` bytes of the input, a multiple of 16, to the bytes that follow them. */
export function fold(byteLength: i32): void {
  const end = input + byteLength
  for (let at = input; at < end; at += 16) {
    const first = v128.xor(v128.load(at - distance0), v128.load(at - distance1))
    const second = v128.xor(v128.load(at - distance2), v128.load(at - distance3))
    const third = v128.xor(v128.load(at - distance4), v128.load(at))
    v128.store(at, v128.xor(v128.xor(first, second), third))
  }
  memory.copy(before, end - distance4, distance4)
}

/** The checksum of what was folded and of the input's bytes behind it, `foldDistance` or more. */
export function finishFold(byteLength: i32): u32 {
  // What is not folded any more adds nothing.
  addFolded(distance0)
  addFolded(distance1)
  addFolded(distance2)
  addFolded(distance3)
  addFolded(distance4)
  return ~updateCrc32c(0, byteLength)
}

function addFolded(distance: usize): void {
  for (let at = input; at < input + distance; at += 16) {
    v128.store(at, v128.xor(v128.load(at), v128.load(at - distance)))
  }
}

/**
 * Decodes `count` float16 of the input from number `first` on, multiplies them by both scales, and writes them to the same
 * place of the output. Up to seven numbers after them are written too.
 */
export function decodeFloat16(first: i32, count: i32, scale: f32, lastScale: f32): void {
  const scales = f32x4.splat(scale)
  const lastScales = f32x4.splat(lastScale)
  let from = input + ((<usize>first) << 1)
  let to = output + ((<usize>first) << 2)
  const end = to + ((<usize>count) << 2)
  while (to < end) {
    const bits = v128.load(from)
    decodeEight(bits, to)
    const low = v128.or(v128.load(to), signs(i32x4.extend_low_i16x8_u(bits)))
    const high = v128.or(v128.load(to, 16), signs(i32x4.extend_high_i16x8_u(bits)))
    v128.store(to, f32x4.mul(f32x4.mul(low, scales), lastScales))
    v128.store(to, f32x4.mul(f32x4.mul(high, scales), lastScales), 16)
    from += 16
    to += 32
  }
}

/** The sign bits of four float16 at the place of those of float32: `decodeEight` drops the sign of −0. */
function signs(bits: v128): v128 {
  return i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16)
}
