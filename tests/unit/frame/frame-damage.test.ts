import fc from 'fast-check'
import { isGradlensError } from 'gradlens'
import { decodeFrame, encodeFrame } from 'gradlens/frame'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { computeCrc32 } from '../../../src/frame/checksum.js'
import { digitExplanation } from '../../support/elements/element-fixtures.js'
import { changeHeader, slowCrc32, withChecksum } from '../../support/frame-bytes.js'

const frames = [
  readFileSync('tests/fixtures/frames/several.safetensors'),
  readFileSync('tests/fixtures/frames/float16.safetensors'),
  encodeFrame(digitExplanation(), { labels: ['0', '1'] }),
].map((bytes) => Uint8Array.from(bytes))
const contents = frames.map((bytes) => decodeFrame(bytes))

/** What comes of the bytes: the content, or undefined after a clear error. */
function read(bytes: Uint8Array): unknown {
  try {
    return decodeFrame(bytes)
  } catch (error) {
    expect(isGradlensError(error, 'InvalidArgumentError'), String(error)).toBe(true)
    return undefined
  }
}

const which = fc.nat(frames.length - 1)

it('refuses every truncated frame', () => {
  const property = fc.property(which, fc.double({ min: 0, max: 1, noNaN: true }), (at, share) => {
    const bytes = frames[at]!
    const length = Math.floor(share * (bytes.length - 1))
    expect(() => decodeFrame(bytes.slice(0, length))).toThrow(/^frame: got /)
  })
  fc.assert(property, { numRuns: 300 })
})

it('refuses a frame with flipped bits, or reads the same from it', () => {
  const flips = fc.array(fc.nat(), { minLength: 1, maxLength: 20 })
  const property = fc.property(which, flips, (at, positions) => {
    const bytes = frames[at]!.slice()
    for (const position of positions) {
      const bit = position % (bytes.length * 8)
      bytes[bit >>> 3]! ^= 1 << (bit & 7)
    }
    const found = read(bytes)
    if (found !== undefined) expect(JSON.stringify(found)).toBe(JSON.stringify(contents[at]))
  })
  fc.assert(property, { numRuns: 1000 })
})

it('refuses a hostile header with the right checksum, or reads it, without reading beyond the bytes', () => {
  const pieces = [
    '0',
    '9',
    '1e99',
    '-1',
    '[]',
    '{}',
    'null',
    '"',
    '$array',
    'F16',
    'I64',
    '[0,',
    '4294967296',
  ]
  const edits = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...pieces)), {
    minLength: 1,
    maxLength: 4,
  })
  const property = fc.property(which, edits, (at, changes) => {
    const bytes = changeHeader(frames[at]!, (header) =>
      changes.reduce((text, [position, piece]) => {
        const start = 45 + (position % (text.length - 45))
        return text.slice(0, start) + piece + text.slice(start + piece.length)
      }, header),
    )
    read(bytes)
  })
  fc.assert(property, { numRuns: 1000 })
})

it('refuses random bytes', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    expect(read(bytes)).toBeUndefined()
    expect(read(Uint8Array.of(16, 0, 0, 0, 0, 0, 0, 0, ...bytes))).toBeUndefined()
  })
  fc.assert(property, { numRuns: 300 })
})

const several = frames[0]!

it.each([
  [
    'a newer format',
    (text: string) => text.replace('"version":"1"', '"version":"2"'),
    /version '2' of the format; expected '1'/,
  ],
  [
    'another format',
    (text: string) => text.replace('gradlens-frame', 'pt'),
    /the format 'pt'; expected 'gradlens-frame'/,
  ],
  [
    'a header without metadata',
    (text: string) => text.replace('__metadata__', '__metadatb__'),
    /the type undefined of '__metadatb__'/,
  ],
  [
    'an element type that safetensors has and frames lack',
    (text: string) => text.replace('"dtype":"I8"', '"dtype":"F8_E4M3"'),
    /the type 'F8_E4M3' of 'side\.train_labels'; expected F64/,
  ],
  [
    'an array that nothing names',
    (text: string) => text.replace('{\\"$array\\":\\"data.scalar\\"}', '0'),
    /the array 'data\.scalar'; expected only arrays/,
  ],
  [
    'a name without an array',
    (text: string) =>
      text.replace('{\\"$array\\":\\"data.scalar\\"}', '{\\"$array\\":\\"data.other\\"}'),
    /the array 'data\.other', which it doesn't have/,
  ],
  [
    'an array that is named twice',
    (text: string) =>
      text.replace('{\\"$array\\":\\"data.scalar\\"}', '{\\"$array\\":\\"data.target\\"}'),
    /the array 'data\.target' twice/,
  ],
  [
    'an exponent of a float64 array',
    (text: string) =>
      text.replace(
        '{\\"$array\\":\\"data.scalar\\"}',
        '{\\"$array\\":\\"data.scalar\\",\\"exponent\\":3}',
      ),
    /an exponent for 'data\.scalar', an array of F64/,
  ],
  [
    'gaps between arrays',
    (text: string) => text.replace('"data_offsets":[184,192]', '"data_offsets":[185,192]'),
    /bytes 185 to 192 for 'data\.scalar', of shape \[\]; expected 184 to 192/,
  ],
  [
    'another shape',
    (text: string) => text.replace('"shape":[6]', '"shape":[7]'),
    /for 'data\.deltas', of shape \[7\]; expected 120 to 176/,
  ],
  [
    'a shape that overflows',
    (text: string) => text.replace('"shape":[6]', '"shape":[4294967296,4294967296]'),
    /for 'data\.deltas'/,
  ],
  [
    'unknown special objects',
    (text: string) => text.replace('{\\"$number\\":\\"Infinity\\"}', '{\\"$number\\":\\"1\\"}'),
    /an object with the key '\$number'/,
  ],
] as const)('refuses %s', (_, change, message) => {
  expect(() => decodeFrame(changeHeader(several, change))).toThrow(message)
})

it('refuses a header that is longer than the file or than safetensors allows', () => {
  for (const length of [2n ** 63n, 100_000_008n, 4096n]) {
    const bytes = several.slice()
    new DataView(bytes.buffer).setBigUint64(0, length, true)
    expect(() => decodeFrame(bytes)).toThrow(/expected a complete safetensors file/)
  }
})

it('finds damaged data by the checksum', () => {
  const bytes = several.slice()
  bytes[bytes.length - 1]! ^= 1
  expect(() => decodeFrame(bytes)).toThrow(/damaged bytes, with the checksum '[0-9a-f]{8}'/)
  expect(decodeFrame(withChecksum(bytes)).side).not.toEqual(contents[0]!.side)
})

it.each([null, 'text', [1, 2], {}])('refuses %j, which has no bytes', (value) => {
  expect(() => decodeFrame(value as unknown as Uint8Array)).toThrow(
    /bytes: got .*; expected a Uint8Array/,
  )
})

it('computes the CRC-32 of any bytes at any offset, in parts', () => {
  const property = fc.property(
    fc.uint8Array({ maxLength: 100 }),
    fc.nat(7),
    fc.nat(100),
    (bytes, offset, cut) => {
      const shifted = new Uint8Array(bytes.length + offset)
      shifted.set(bytes, offset)
      const own = shifted.subarray(offset)
      const expected = slowCrc32(bytes)
      expect(computeCrc32(own)).toBe(expected)
      expect(computeCrc32(own.subarray(cut), computeCrc32(own.subarray(0, cut)))).toBe(expected)
    },
  )
  fc.assert(property, { numRuns: 300 })
})
