import { DisposedError } from '../../errors.js'
import type { CompactBlock } from '../../gradients/block.js'
import { bytesPerNorm } from '../../gradients/numbers/byte-sizes.js'
import type { DeviceGradients } from '../gradient-backend.js'
import type { GpuWork } from './gpu/gpu-work.js'
import { readSlabs, listSources } from './read-slabs.js'
import { nonFiniteExponent, type Slab } from './slab.js'

export class GpuGradients implements DeviceGradients {
  readonly exampleCount: number
  readonly byteLength: number
  /** Rejects if the upload failed. */
  readonly ready: Promise<void>
  readonly #work: GpuWork
  #slabs: readonly Slab[] | undefined

  constructor(
    work: GpuWork,
    exampleCount: number,
    byteLength: number,
    slabs: readonly Slab[],
    ready: Promise<void>,
  ) {
    this.#work = work
    this.exampleCount = exampleCount
    this.byteLength = byteLength
    this.#slabs = slabs
    this.ready = ready
  }

  /** @throws DisposedError */
  get slabs(): readonly Slab[] {
    this.#work.assertUsable()
    if (this.#slabs !== undefined) return this.#slabs
    throw new DisposedError('These gradients were disposed; upload their block again.')
  }

  async squaredNorms(): Promise<Float64Array> {
    const sources = this.slabs.map(({ norms, exampleCount }) => ({
      buffer: norms,
      byteLength: exampleCount * bytesPerNorm,
    }))
    const norms = await this.#work.read(sources, this.ready)
    return Float64Array.from(norms.flatMap((bytes) => [...decodeNorms(bytes)]))
  }

  async read(): Promise<CompactBlock> {
    const slabs = this.slabs
    const sources = slabs.flatMap(({ segments, norms, exampleCount }) => [
      { buffer: norms, byteLength: exampleCount * bytesPerNorm },
      ...segments.flatMap((segment) => listSources(segment, exampleCount)),
    ])
    return readSlabs(slabs, await this.#work.read(sources, this.ready))
  }

  [Symbol.dispose](): void {
    const slabs = this.#slabs ?? []
    this.#slabs = undefined
    for (const slab of slabs) {
      for (const buffer of listBuffers(slab)) this.#work.destroyBuffer(buffer)
    }
  }
}

const listBuffers = ({ segments, norms }: Slab): GPUBuffer[] => [
  norms,
  ...segments.flatMap(({ first, second }) => [first, second]),
]

function decodeNorms(bytes: ArrayBuffer): Float64Array {
  const mantissas = new Float32Array(bytes)
  const exponents = new Int32Array(bytes)
  return Float64Array.from({ length: mantissas.length / 2 }, (_, row) => {
    const exponent = exponents[2 * row + 1]!
    return exponent === nonFiniteExponent ? NaN : mantissas[2 * row]! * 2 ** (2 * exponent)
  })
}
