/** Numbers in float64. Read `data` again after each allocation, which may move them. */
export interface Numbers {
  readonly data: Float64Array
}

/** What a WebAssembly module says of its memory. */
interface MemoryExports {
  readonly memory: WebAssembly.Memory
  /** The first address that the module leaves free. */
  firstAddress(): number
}

/** The free memory of a WebAssembly module, as float64 numbers. It grows when it is full. */
export class NumberMemory {
  readonly #exports: MemoryExports
  /** The end of the numbers that `clear` leaves. */
  #reserved: number
  #end: number

  constructor(exports: MemoryExports) {
    this.#exports = exports
    this.#reserved = exports.firstAddress()
    this.#end = this.#reserved
  }

  /** The bytes that the module's memory takes. */
  get byteLength(): number {
    return this.#exports.memory.buffer.byteLength
  }

  allocate(count: number): PlacedNumbers {
    const address = this.#end
    // Kernels load two numbers at a time.
    this.#end += Math.ceil(count / 2) * 16
    this.#grow(this.#end)
    return new PlacedNumbers(this.#exports.memory, address, count)
  }

  /** Copies float32 numbers to the free memory, without allocating it, and returns their address. */
  lay(given: Float32Array): number {
    const address = this.#end
    this.#grow(address + given.byteLength)
    new Float32Array(this.#exports.memory.buffer, address, given.length).set(given)
    return address
  }

  /** Frees all numbers that are not reserved. */
  clear(): void {
    this.#end = this.#reserved
  }

  /** Frees the numbers at an address, and all that were allocated after them. */
  freeFrom(address: number): void {
    this.#end = address
  }

  /** Reserves all numbers, so that `clear` leaves them. */
  reserve(): void {
    this.#reserved = this.#end
  }

  #grow(end: number): void {
    const { memory } = this.#exports
    const missing = end - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / pageSize))
  }
}

/** Numbers at an address of a module's memory. */
export class PlacedNumbers implements Numbers {
  readonly address: number
  readonly #memory: WebAssembly.Memory
  readonly #count: number
  #view: Float64Array

  constructor(memory: WebAssembly.Memory, address: number, count: number) {
    this.#memory = memory
    this.address = address
    this.#count = count
    this.#view = new Float64Array(memory.buffer, address, count)
  }

  get data(): Float64Array {
    const { buffer } = this.#memory
    if (this.#view.buffer !== buffer) {
      this.#view = new Float64Array(buffer, this.address, this.#count)
    }
    return this.#view
  }
}

/** The bytes of a page of WebAssembly's memory. */
const pageSize = 65536
