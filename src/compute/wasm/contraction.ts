import type { ConvolutionGeometry } from '../../gradients/block.js'
import type { ContractPatches } from '../patches.js'
import { contractBinary } from './contract-binary.js'

interface Kernels {
  readonly memory: WebAssembly.Memory
  /** See assembly/contract.ts. */
  readonly contract: (image: number, delta: number, gradient: number, ...geometry: number[]) => void
}

const pageSize = 65_536
const floatSize = 4

/**
 * The contraction of patches in SIMD, sums in float32.
 *
 * @throws WebAssembly.CompileError where the page's content security policy or the browser refuses the module
 */
export async function openWasmContraction(): Promise<ContractPatches> {
  const bytes = Uint8Array.from(atob(contractBinary), (letter) => letter.charCodeAt(0))
  const { instance } = await WebAssembly.instantiate(bytes)
  const { memory, contract } = instance.exports as unknown as Kernels
  return (a, delta, geometry, rowCount) => {
    const imageSize = geometry.inHeight * geometry.inWidth * geometry.inChannels
    const deltaSize = geometry.outHeight * geometry.outWidth * geometry.outChannels
    const gradientSize =
      geometry.filterHeight * geometry.filterWidth * geometry.inChannels * geometry.outChannels
    const needed = (imageSize + deltaSize + gradientSize) * floatSize
    const missing = needed - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / pageSize))
    const floats = new Float32Array(memory.buffer)
    const gradientAt = imageSize + deltaSize
    const values = new Float32Array(rowCount * gradientSize)
    for (let row = 0; row < rowCount; row++) {
      floats.set(a.subarray(row * imageSize, (row + 1) * imageSize), 0)
      floats.set(delta.subarray(row * deltaSize, (row + 1) * deltaSize), imageSize)
      contract(0, imageSize * floatSize, gradientAt * floatSize, ...argumentsOf(geometry))
      values.set(floats.subarray(gradientAt, gradientAt + gradientSize), row * gradientSize)
    }
    return values
  }
}

const argumentsOf = (geometry: ConvolutionGeometry): number[] => [
  geometry.inHeight,
  geometry.inWidth,
  geometry.inChannels,
  geometry.filterHeight,
  geometry.filterWidth,
  geometry.outHeight,
  geometry.outWidth,
  geometry.outChannels,
  geometry.strideHeight,
  geometry.strideWidth,
  geometry.dilationHeight,
  geometry.dilationWidth,
  geometry.padTop,
  geometry.padLeft,
]
