import { beforeAll, describe, expect, it } from 'vitest'
import { compileKernels } from '../../../scripts/build/compile-kernels.mjs'
import { crc32c, plainCrc32c } from '../../../src/gradients/numbers/crc32c.js'
import { decodeFloat16, decodeInJavaScript } from '../../../src/gradients/numbers/float16.js'
import { numberBinary } from '../../../src/gradients/numbers/number-binary.js'
import {
  loadNumberKernels,
  getNumberKernels,
} from '../../../src/gradients/numbers/number-kernels.js'
import { seededRandom } from '../../support/random.js'

const random = seededRandom(5)
const randomBytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, () => Math.floor(random() * 256))

describe('the kernels of stores', () => {
  beforeAll(loadNumberKernels)

  it('are what their source compiles to', async () => {
    expect(getNumberKernels()).toBeDefined()
    expect(await compileKernels('number')).toBe(numberBinary)
  })

  // A piece in the kernels' memory has 131,072 bytes; from 6,704 on they are folded, all but the last 3,344 to 3,359.
  it.each([0, 1, 15, 16, 17, 1000, 6687, 6703, 6704, 6720, 131_072, 134_416, 134_432, 400_003])(
    'compute the checksum of %i bytes as JavaScript does, at any address',
    (length) => {
      const bytes = randomBytes(length + 3)
      for (const offset of [0, 1, 3]) {
        const part = bytes.subarray(offset, offset + length)
        expect(crc32c(part)).toBe(plainCrc32c(part))
      }
    },
  )

  it('decode every float16 as JavaScript does, for every exponent', () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i)
    for (const exponent of [-163, -150, -126, -101, -100, -99, -25, 0, 7, 112, 113]) {
      const exponents = Int16Array.of(exponent)
      const decoded = decodeFloat16(bits, bits.length, exponents)
      expect(decoded).toEqual(decodeInJavaScript(bits, bits.length, exponents))
      // Minus zero equals zero here.
      expect(Object.is(decoded[0x8000], -0)).toBe(true)
    }
  })

  it.each([
    [1, 5],
    [3, 70_000],
    [7, 31],
    [8, 9],
    [65_536, 2],
    [65_537, 3],
    [200_001, 2],
  ])(
    'decode rows of %i numbers, %i of them, each with its own exponent',
    (rowSize, exampleCount) => {
      const bits = new Uint16Array(randomBytes(2 * rowSize * exampleCount).buffer)
      const exponents = Int16Array.from(
        { length: exampleCount },
        () => Math.floor(random() * 60) - 40,
      )
      expect(decodeFloat16(bits, rowSize, exponents)).toEqual(
        decodeInJavaScript(bits, rowSize, exponents),
      )
    },
  )
})
