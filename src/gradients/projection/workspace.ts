import { NumberMemory, type Numbers, type PlacedNumbers } from '../numbers/number-memory.js'
import { multiply, type StridedMatrix } from './multiply.js'
import { projectionBinary } from './projection-binary.js'

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
  readonly #memory: NumberMemory

  constructor(exports: Exports) {
    this.#exports = exports
    this.#memory = new NumberMemory(exports)
  }

  allocate(count: number): Numbers {
    return this.#memory.allocate(count)
  }

  multiply(
    { numbers, rowStep, columnStep }: WorkMatrix,
    b: Numbers,
    [m, inner, n]: readonly [number, number, number],
    product: Numbers,
  ): void {
    const { address } = numbers as PlacedNumbers
    const [rowBytes, columnBytes] = [8 * rowStep, 8 * columnStep]
    const [from, to] = [(b as PlacedNumbers).address, (product as PlacedNumbers).address]
    this.#exports.multiply(address, rowBytes, columnBytes, from, m, inner, n, to)
  }

  clear(): void {
    this.#memory.clear()
  }
}
