import {
  NumberMemory,
  type Numbers,
  type PlacedNumbers,
} from '../../gradients/numbers/number-memory.js'
import type { Matrices, MatrixView } from './matrices.js'
import { matrixBinary } from './matrix-binary.js'
import { plainMatrices } from './plain-matrices.js'

/** Opens a workspace with SIMD, or in JavaScript where the page forbids WebAssembly. */
export async function openMatrices(): Promise<Matrices> {
  try {
    compiling ??= WebAssembly.compile(
      Uint8Array.from(atob(matrixBinary), (character) => character.charCodeAt(0)),
    )
    const { exports } = await WebAssembly.instantiate(await compiling)
    return createSimdMatrices(exports as unknown as Exports)
  } catch {
    // A content security policy may forbid WebAssembly; the results are the same up to rounding, slower.
    return plainMatrices
  }
}

let compiling: Promise<WebAssembly.Module> | undefined

/** The exports of assembly/index.ts. Offsets and steps are in bytes. */
interface Exports {
  readonly memory: WebAssembly.Memory
  firstAddress(): number
  multiplyAdd(
    a: number,
    rowStep: number,
    columnStep: number,
    b: number,
    bStep: number,
    m: number,
    inner: number,
    n: number,
    c: number,
    cStep: number,
    isLower: boolean,
  ): void
  writeRows(from: number, count: number, size: number, to: number, rowSize: number): void
  writePatches(
    images: number,
    exampleCount: number,
    inHeight: number,
    inWidth: number,
    channels: number,
    filterHeight: number,
    filterWidth: number,
    outHeight: number,
    outWidth: number,
    strideHeight: number,
    strideWidth: number,
    dilationHeight: number,
    dilationWidth: number,
    padTop: number,
    padLeft: number,
    to: number,
    rowSize: number,
  ): void
  multiplyLower(a: number, n: number, size: number, v: number, p: number): void
  subtractRankTwo(a: number, n: number, size: number, v: number, p: number): void
}

/** Products are summed over this many rows of B at a time, which stay in the cache. */
const innerAtOnce = 128

function createSimdMatrices(exports: Exports): Matrices {
  const memory = new NumberMemory(exports)
  return {
    allocate: (count) => memory.allocate(count),
    clear() {
      memory.clear()
    },
    reserve() {
      memory.reserve()
    },
    freeFrom(numbers) {
      memory.freeFrom(startOf(numbers))
    },
    writeRows(vectors, size, to, rowSize) {
      const from = memory.lay(vectors)
      exports.writeRows(from, vectors.length / size, size, startOf(to), rowSize)
    },
    writePatches(images, geometry, exampleCount, to, rowSize) {
      const { inHeight, inWidth, inChannels, filterHeight, filterWidth } = geometry
      const { outHeight, outWidth, strideHeight, strideWidth } = geometry
      const { dilationHeight, dilationWidth, padTop, padLeft } = geometry
      exports.writePatches(
        memory.lay(images),
        exampleCount,
        inHeight,
        inWidth,
        inChannels,
        filterHeight,
        filterWidth,
        outHeight,
        outWidth,
        strideHeight,
        strideWidth,
        dilationHeight,
        dilationWidth,
        padTop,
        padLeft,
        startOf(to),
        rowSize,
      )
    },
    multiplyAdd(a, b, [m, inner, n], c, isLower = false) {
      const [rowBytes, columnBytes, bytes] = [8 * a.rowStep, 8 * a.columnStep, 8 * b.rowStep]
      const [into, step] = [addressOf(c), 8 * c.rowStep]
      for (let l = 0; l < inner; l += innerAtOnce) {
        const left = addressOf(a) + l * columnBytes
        const right = addressOf(b) + l * bytes
        const count = Math.min(innerAtOnce, inner - l)
        exports.multiplyAdd(
          left,
          rowBytes,
          columnBytes,
          right,
          bytes,
          m,
          count,
          n,
          into,
          step,
          isLower,
        )
      }
    },
    multiplyLower(a, n, size, v, p) {
      exports.multiplyLower(startOf(a), n, size, addressOf(v), startOf(p))
    },
    subtractRankTwo(a, n, size, v, p) {
      exports.subtractRankTwo(startOf(a), n, size, addressOf(v), startOf(p))
    },
  }
}

const startOf = (numbers: Numbers): number => (numbers as PlacedNumbers).address

const addressOf = ({ numbers, offset }: MatrixView): number => startOf(numbers) + 8 * offset
