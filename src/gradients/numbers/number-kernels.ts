import { numberBinary } from './number-binary.js'

/** The exports of assembly/index.ts. */
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

/** Loads SIMD kernels for checksums and float16, if the page allows WebAssembly. */
export function loadNumberKernels(): Promise<void> {
  loading ??= NumberKernels.open().then(
    (kernels) => {
      loaded = kernels
    },
    // A content security policy may forbid WebAssembly; JavaScript then gives the same results, slower.
    () => undefined,
  )
  return loading
}

/** The kernels, if they are loaded. */
export const getNumberKernels = (): NumberKernels | undefined => loaded

/** Computes checksums and decodes piece by piece, in memory of fixed size. */
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
   * Decodes rows of float16, each multiplied by 2 to the power of its exponent. Exponents must be less than 113, so that
   * no product overflows.
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
          // Two steps if float32 cannot represent the scale; the first is exact.
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

/** The smallest float16, 2⁻²⁴, times 2 to this power is still a normal float32. */
const leastExactExponent = -100
