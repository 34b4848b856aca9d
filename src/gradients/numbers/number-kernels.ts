import { numberBinary } from './number-binary.js'

/** What src/gradients/zarr/assembly exports. */
interface Exports {
  readonly memory: WebAssembly.Memory
  inputAddress(): number
  outputAddress(): number
  pieceByteLength(): number
  updateCrc32c(crc: number, byteLength: number): number
  foldDistance(): number
  startFold(): void
  fold(byteLength: number): void
  finishFold(byteLength: number): number
  decodeFloat16(first: number, count: number, scale: number, lastScale: number): void
}

let loaded: NumberKernels | undefined
let loading: Promise<void> | undefined

/** Has chunks be checked and decoded by SIMD from then on, where the page allows WebAssembly. */
export function loadNumberKernels(): Promise<void> {
  loading ??= NumberKernels.open().then(
    (kernels) => {
      loaded = kernels
    },
    // A content security policy may forbid it: what JavaScript does instead comes to the same, slower.
    () => undefined,
  )
  return loading
}

/** The kernels, if they are loaded. */
export const getNumberKernels = (): NumberKernels | undefined => loaded

/** Checks and decodes piece by piece, in a memory of fixed size. */
class NumberKernels {
  readonly #exports: Exports
  readonly #input: Uint8Array
  readonly #output: Float32Array

  static async open(): Promise<NumberKernels> {
    const bytes = Uint8Array.from(atob(numberBinary), (character) => character.charCodeAt(0))
    const { instance } = await WebAssembly.instantiate(bytes)
    return new NumberKernels(instance.exports as unknown as Exports)
  }

  private constructor(exports: Exports) {
    const { buffer } = exports.memory
    const pieceByteLength = exports.pieceByteLength()
    this.#exports = exports
    this.#input = new Uint8Array(buffer, exports.inputAddress(), pieceByteLength)
    this.#output = new Float32Array(buffer, exports.outputAddress(), pieceByteLength / 2)
  }

  /** CRC-32C of the bytes, as an unsigned integer. */
  crc32c(bytes: Uint8Array): number {
    const foldedLength = (bytes.length & ~15) - this.#exports.foldDistance()
    if (foldedLength <= this.#exports.foldDistance()) {
      this.#input.set(bytes)
      return ~this.#exports.updateCrc32c(-1, bytes.length) >>> 0
    }
    for (let at = 0; at < foldedLength; at += this.#input.length) {
      const piece = bytes.subarray(at, Math.min(at + this.#input.length, foldedLength))
      this.#input.set(piece)
      if (at === 0) this.#exports.startFold()
      this.#exports.fold(piece.length)
    }
    this.#input.set(bytes.subarray(foldedLength))
    return this.#exports.finishFold(bytes.length - foldedLength) >>> 0
  }

  /**
   * Decodes rows of float16, each times 2 to the power of its exponent, which must be less than 113: a product may
   * overflow from there on.
   */
  decodeFloat16(
    bits: Uint16Array,
    rowSize: number,
    exponents: Int16Array,
    into: Float32Array,
  ): void {
    const numbersPerPiece = this.#output.length
    const input = new Uint16Array(this.#input.buffer, this.#input.byteOffset, numbersPerPiece)
    const rowsPerPiece = Math.max(1, Math.floor(numbersPerPiece / rowSize))
    const step = rowsPerPiece * rowSize
    for (let at = 0; at < bits.length; at += step) {
      const end = Math.min(at + step, bits.length)
      for (let start = at; start < end; start += numbersPerPiece) {
        const piece = bits.subarray(start, Math.min(start + numbersPerPiece, end))
        input.set(piece)
        for (let first = 0; first < piece.length; first += rowSize) {
          const exponent = exponents[Math.floor((start + first) / rowSize)]!
          // In two steps where float32 does not hold the scale; the first one is exact.
          const scale = 2 ** Math.max(exponent, leastExactExponent)
          const lastScale = 2 ** Math.min(0, exponent - leastExactExponent)
          const count = Math.min(rowSize, piece.length - first)
          this.#exports.decodeFloat16(first, count, scale, lastScale)
        }
        into.set(this.#output.subarray(0, piece.length), start)
      }
    }
  }
}

/** The least of float16, 2⁻²⁴, is no subnormal float32 after this. */
const leastExactExponent = -100
