import { MemoryError } from '../../errors.js'
import type { Kernels } from './kernels.js'

/** An instance of the kernels, with its own memory. */
export class WasmInstance {
  readonly kernels: Kernels
  #bytes = new Uint8Array()
  #floats = new Float32Array()
  #integers = new Int32Array()
  #doubles = new Float64Array()

  private constructor({ exports }: WebAssembly.Instance) {
    this.kernels = exports as unknown as Kernels
  }

  static async open(compiled: WebAssembly.Module): Promise<WasmInstance> {
    return new WasmInstance(await WebAssembly.instantiate(compiled))
  }

  // Growing the memory detaches its buffer, so read the views again after each call that may allocate.
  get bytes(): Uint8Array {
    const { buffer } = this.kernels.memory
    if (this.#bytes.buffer !== buffer) this.#bytes = new Uint8Array(buffer)
    return this.#bytes
  }

  get floats(): Float32Array {
    const { buffer } = this.kernels.memory
    if (this.#floats.buffer !== buffer) this.#floats = new Float32Array(buffer)
    return this.#floats
  }

  get integers(): Int32Array {
    const { buffer } = this.kernels.memory
    if (this.#integers.buffer !== buffer) this.#integers = new Int32Array(buffer)
    return this.#integers
  }

  get doubles(): Float64Array {
    const { buffer } = this.kernels.memory
    if (this.#doubles.buffer !== buffer) this.#doubles = new Float64Array(buffer)
    return this.#doubles
  }

  /**
   * Allocates memory at a multiple of 16 and returns its address. The content is undefined.
   *
   * @throws MemoryError if there is not enough memory; nothing has changed then
   */
  allocate(byteLength: number): number {
    try {
      // JavaScript reads a 32-bit address as a signed number.
      if (byteLength < addressable) return this.kernels.allocate(byteLength) >>> 0
    } catch (cause) {
      throw createMemoryError(byteLength, this.kernels.memory.buffer.byteLength, cause)
    }
    throw createMemoryError(byteLength, this.kernels.memory.buffer.byteLength, undefined)
  }

  release(address: number): void {
    this.kernels.release(address)
  }

  /** Runs `work` with temporary memory. */
  withScratch<Result>(byteLength: number, work: (address: number) => Result): Result {
    const address = this.allocate(byteLength)
    try {
      return work(address)
    } finally {
      this.release(address)
    }
  }
}

/** The bytes that 32-bit addresses reach. */
const addressable = 2 ** 32

function createMemoryError(byteLength: number, placed: number, cause: unknown): MemoryError {
  return new MemoryError(
    'wasm',
    `WebAssembly is out of memory: ${byteLength} more bytes are needed, and ${placed} are in use. Use a smaller ` +
      'batchSize, fewer training examples at once, or no precomputeGrads.',
    { byteLength, cause },
  )
}
