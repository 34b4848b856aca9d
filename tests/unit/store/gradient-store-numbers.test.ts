import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { crc32c } from '../../../src/gradients/numbers/crc32c.js'
import { decodeFloat16, encodeFloat16 } from '../../../src/gradients/numbers/float16.js'
import { createSha256 } from '../../../src/store/zarr/format/sha256.js'
import { hashWeights, identifyLoss } from '../../../src/store/zarr/format/store-identity.js'
import { seededRandom } from '../../support/random.js'
import { fromFloat16Bits, toFloat16Bits } from '../../../src/float16.js'

const allBits = Array.from({ length: 0x10000 }, (_, bits) => bits)
const finiteBits = allBits.filter((bits) => (bits & 0x7c00) !== 0x7c00)

it('returns each of the 65,536 float16 unchanged, and a NaN for each NaN', () => {
  for (const bits of allBits) {
    const value = fromFloat16Bits(bits)
    if (Number.isNaN(value)) expect(Number.isNaN(fromFloat16Bits(toFloat16Bits(value)))).toBe(true)
    else if (toFloat16Bits(value) !== bits) expect.fail(`${bits} is ${value}`)
  }
})

it('reads the float16 in the standard', () => {
  expect(
    [0x0001, 0x03ff, 0x0400, 0x3c00, 0x7bff, 0x8000, 0xc000, 0xfc00].map(fromFloat16Bits),
  ).toEqual([2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, 65504, -0, -2, -Infinity])
})

it('rounds to the nearest float16, ties to even', () => {
  for (const bits of finiteBits.filter((bits) => bits < 0x7bff)) {
    const [low, high] = [fromFloat16Bits(bits), fromFloat16Bits(bits + 1)]
    const half = (low + high) / 2
    const step = (high - low) / 8
    const got = [half - step, half, half + step].map(toFloat16Bits)
    const expected = [bits, bits % 2 === 0 ? bits : bits + 1, bits + 1]
    if (got.join() !== expected.join()) expect.fail(`at ${bits}: ${got.join()}`)
  }
})

it('converts numbers beyond the largest float16 and its rounding to infinity', () => {
  expect([65519, 65520, 1e6, -1e6, 1e-30].map(toFloat16Bits)).toEqual([
    0x7bff, 0x7c00, 0x7c00, 0xfc00, 0,
  ])
})

/** Eleven significant bits, rounded. */
const float16Error = 2 ** -11

it.each([1e-44, 1e-38, 1e-25, 1, 1e20, 3.4028234663852886e38])(
  'keeps the precision of float16 in a row whose largest number is %d',
  (largest) => {
    const random = seededRandom(3)
    const values = Float32Array.from({ length: 100 }, () => (2 * random() - 1) * largest)
    values[50] = largest
    const bits = new Uint16Array(values.length)
    const exponent = encodeFloat16(values, bits)
    const decoded = decodeFloat16(bits, values.length, Int16Array.of(exponent))
    values.forEach((value, i) => {
      // Below, float32 itself has no more bits than these.
      const smallest = 2 ** -149
      const tolerance = Math.max(float16Error * Math.abs(value), 2 ** -25 * largest, smallest)
      expect(Math.abs(decoded[i]! - value)).toBeLessThanOrEqual(tolerance)
    })
  },
)

it('keeps NaN and infinities of a row, and its other numbers', () => {
  const bits = new Uint16Array(4)
  const exponent = encodeFloat16(Float32Array.of(NaN, Infinity, -Infinity, 1e30), bits)
  const decoded = decodeFloat16(bits, 4, Int16Array.of(exponent))
  expect([...decoded.subarray(0, 3)]).toEqual([NaN, Infinity, -Infinity])
  expect(Math.abs(decoded[3]! / 1e30 - 1)).toBeLessThan(float16Error)
})

it('stores a row of zeros as zeros', () => {
  const bits = Uint16Array.of(1, 2)
  expect(encodeFloat16(new Float32Array(2), bits)).toBe(0)
  expect([...bits]).toEqual([0, 0])
})

it('computes the crc32c of the standard', () => {
  const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
  expect(crc32c(ascii('123456789'))).toBe(0xe3069283)
  // RFC 3720, B.4
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43)
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
})

it('computes the same crc32c from any offset of a buffer', () => {
  const random = seededRandom(5)
  const bytes = Uint8Array.from({ length: 61 }, () => random() * 256)
  for (let offset = 0; offset < 8; offset++) {
    const moved = new Uint8Array(80)
    moved.set(bytes, offset)
    expect(crc32c(moved.subarray(offset, offset + 61))).toBe(crc32c(bytes))
  }
})

it("computes Node's SHA-256 for any pieces, at any time", async () => {
  const random = seededRandom(7)
  for (const length of [1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
    const bytes = Uint8Array.from({ length }, () => random() * 256)
    const hash = await createSha256()
    for (let at = 0; at < length;) {
      const next = at + 1 + Math.floor(random() * 90)
      hash.update(bytes.subarray(at, next))
      at = next
      const expected = createHash('sha256').update(bytes.subarray(0, next)).digest('hex')
      expect(hash.digestHex()).toBe(expected)
    }
  }
})

it('has different hashes for weights that differ in value, name, shape or order', async () => {
  const weight = (name: string, values: number[], shape: number[]) => ({
    name,
    value: { data: Float32Array.from(values), shape },
  })
  const different = [
    [weight('w', [1, 2], [2])],
    [weight('w', [1, 2.0000002], [2])],
    [weight('v', [1, 2], [2])],
    [weight('w', [1, 2], [1, 2])],
    [weight('w', [1], [1]), weight('w', [2], [1])],
    [],
  ]
  const hashes = await Promise.all(different.map(hashWeights))
  expect(new Set(hashes).size).toBe(hashes.length)
  expect(await hashWeights([weight('w', [1, 2], [2])])).toBe(hashes[0])
})

it('identifies a loss by its name, and a function by its source text', async () => {
  expect(await identifyLoss('meanSquaredError')).toBe('meanSquaredError')
  const first = await identifyLoss((y: number, p: number) => y - p)
  expect(first).toMatch(/^function sha256:[0-9a-f]{64}$/)
  expect(await identifyLoss((y: number, p: number) => p - y)).not.toBe(first)
})
