import { MemoryError } from '../../errors.js'
import type { Kernels } from './kernels.js'

/** The kernels with a memory of their own. */
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

  // What a view is of goes when the memory grows: views are asked for anew after each call that may allocate.
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
   * The address of so many bytes, a multiple of 16; what stands there is what was there before.
   *
   * @throws MemoryError where memory does not suffice; nothing has changed then
   */
  allocate(byteLength: number): number {
    try {
      // An address is a 32-bit number, which JavaScript takes for a signed one.
      if (byteLength < addressable) return this.kernels.allocate(byteLength) >>> 0
    } catch (cause) {
      throw outOfMemory(byteLength, this.kernels.memory.buffer.byteLength, cause)
    }
    throw outOfMemory(byteLength, this.kernels.memory.buffer.byteLength, undefined)
  }

  release(address: number): void {
    this.kernels.release(address)
  }

  /** Lends so many bytes to a piece of work. */
  withScratch<Result>(byteLength: number, work: (address: number) => Result): Result {
    const address = this.allocate(byteLength)
    try {
      return work(address)
    } finally {
      this.release(address)
    }
  }
}

/** What a 32-bit address reaches. */
const addressable = 2 ** 32

function outOfMemory(byteLength: number, placed: number, cause: unknown): MemoryError {
  return new MemoryError(
    'wasm',
    `WebAssembly memory does not suffice: ${byteLength} bytes more are needed, beside ${placed} that it ` +
      'has. Use a smaller batchSize, fewer training examples at once, or no precomputeGrads.',
    { byteLength, cause },
  )
}
