import { multiply, type StridedMatrix } from './multiply.js'
import { projectionBinary } from './projection-binary.js'

/** Numbers of a workspace. Read `data` again after each allocation, which may move them. */
export interface Numbers {
  readonly data: Float64Array
}

/** A matrix within numbers: element [i, l] is at i · rowStep + l · columnStep. */
export type WorkMatrix = Omit<StridedMatrix, 'data'> & { readonly numbers: Numbers }

/** Memory for float64 numbers, and the product of matrices in it. */
export interface Workspace {
  allocate(count: number): Numbers
  /** C = A B, as `multiply` of multiply.ts computes it, bit for bit. */
  multiply(
    a: WorkMatrix,
    b: Numbers,
    sizes: readonly [number, number, number],
    product: Numbers,
  ): void
  /** Frees all numbers. */
  clear(): void
}

/** Opens a workspace with SIMD, or in JavaScript where the page forbids WebAssembly. */
export async function openWorkspace(): Promise<Workspace> {
  try {
    compiling ??= WebAssembly.compile(
      Uint8Array.from(atob(projectionBinary), (character) => character.charCodeAt(0)),
    )
    const { exports } = await WebAssembly.instantiate(await compiling)
    return new SimdWorkspace(exports as unknown as Exports)
  } catch {
    // A content security policy may forbid WebAssembly; the results are the same, slower.
    return plainWorkspace
  }
}

let compiling: Promise<WebAssembly.Module> | undefined

/** A workspace in JavaScript's memory. */
export const plainWorkspace: Workspace = {
  allocate: (count) => ({ data: new Float64Array(count) }),
  multiply: ({ numbers, ...steps }, b, sizes, product) => {
    multiply({ data: numbers.data, ...steps }, b.data, sizes, product.data)
  },
  clear: () => undefined,
}

/** The exports of assembly/index.ts. */
interface Exports {
  readonly memory: WebAssembly.Memory
  firstAddress(): number
  multiply(
    a: number,
    rowStep: number,
    columnStep: number,
    b: number,
    m: number,
    inner: number,
    n: number,
    product: number,
  ): void
}

class SimdWorkspace implements Workspace {
  readonly #exports: Exports
  #end: number

  constructor(exports: Exports) {
    this.#exports = exports
    this.#end = exports.firstAddress()
  }

  allocate(count: number): Numbers {
    const address = this.#end
    this.#end += Math.ceil(count / 2) * 16
    const { memory } = this.#exports
    const missing = this.#end - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / pageSize))
    return new SimdNumbers(memory, address, count)
  }

  multiply(
    { numbers, rowStep, columnStep }: WorkMatrix,
    b: Numbers,
    [m, inner, n]: readonly [number, number, number],
    product: Numbers,
  ): void {
    const { address } = numbers as SimdNumbers
    const [rowBytes, columnBytes] = [8 * rowStep, 8 * columnStep]
    const [from, to] = [(b as SimdNumbers).address, (product as SimdNumbers).address]
    this.#exports.multiply(address, rowBytes, columnBytes, from, m, inner, n, to)
  }

  clear(): void {
    this.#end = this.#exports.firstAddress()
  }
}

class SimdNumbers implements Numbers {
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
