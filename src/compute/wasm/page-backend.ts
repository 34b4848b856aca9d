import { DisposedError } from '../../errors.js'
import type { CompactBlock, GpuGradientBlock, GradientBlock } from '../../gradients/block.js'
import { getFloat16ByteLength, getCompactByteLength } from '../../gradients/compact-layout.js'
import type { GradientBackend, DeviceGradients, Ranker } from '../gradient-backend.js'
import { releaseBlock } from '../../gradients/release-block.js'
import { type Float16Block, isFloat16Block } from '../../gradients/float16-block.js'
import { requireHostBlock } from '../host-block.js'
import type { Ranking, RankingOptions } from '../ranking.js'
import type { PlacedBlock } from './blocks/block-placement.js'
import {
  decodeFloat16Block,
  listFloat16Buffers,
  groupFloat16Block,
  type HostFloat16Block,
  isHostFloat16Block,
} from './blocks/float16-block.js'
import { readSquaredNorms } from './blocks/norms.js'
import type { WasmInstance } from './instance.js'
import { mergeRankings } from './ranking/merge-rankings.js'
import { InstanceRanking } from './ranking/partial-ranking.js'
import { readBlock } from './blocks/read-block.js'
import { copyBlock } from './blocks/copy-block.js'

/** A backend in the calling thread, with one instance. Work is done when its call resolves. */
export class PageBackend implements GradientBackend {
  readonly keepsFloat16 = true
  #instance: WasmInstance | undefined

  constructor(instance: WasmInstance) {
    this.#instance = instance
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- an exception must reject
  async upload(block: GradientBlock | Float16Block | GpuGradientBlock): Promise<DeviceGradients> {
    return new PageGradients(this.#requireInstance(), requireHostBlock(block))
  }

  openRanking(options: RankingOptions): Ranker {
    return new PageRanker(this.#requireInstance(), options)
  }

  settle(): Promise<void> {
    return Promise.resolve()
  }

  /** The instance's memory is collected when no gradients use it any more. */
  [Symbol.dispose](): void {
    this.#instance = undefined
  }

  #requireInstance(): WasmInstance {
    if (this.#instance !== undefined) return this.#instance
    throw new DisposedError('This backend was disposed; open another one.')
  }
}

class PageGradients implements DeviceGradients {
  readonly exampleCount: number
  readonly byteLength: number
  readonly #instance: WasmInstance
  readonly #release: ((buffer: ArrayBuffer) => void) | undefined
  #block: PlacedBlock | HostFloat16Block | undefined

  constructor(instance: WasmInstance, block: GradientBlock | Float16Block) {
    const { exampleCount, segments } = block
    this.#instance = instance
    this.exampleCount = exampleCount
    this.#release = block.release
    if (isFloat16Block(block)) {
      this.byteLength = exampleCount * getFloat16ByteLength(block.segments)
      this.#block = groupFloat16Block(block)
    } else {
      this.byteLength = getCompactByteLength(exampleCount, segments)
      this.#block = copyBlock(instance, block)
      releaseBlock(block)
    }
  }

  get block(): PlacedBlock | HostFloat16Block {
    if (this.#block !== undefined) return this.#block
    throw new DisposedError('These gradients were disposed; upload them again.')
  }

  /** The block in float32. A block of float16 is decoded once and stays float32. */
  get decoded(): PlacedBlock {
    const placed = this.block
    if (!isHostFloat16Block(placed)) return placed
    const block = decodeFloat16Block(this.#instance, placed)
    this.#block = block
    return block
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- an exception must reject
  async squaredNorms(): Promise<Float64Array> {
    return readSquaredNorms(this.#instance, this.block)
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- an exception must reject
  async read(): Promise<CompactBlock> {
    return readBlock(this.#instance, this.decoded)
  }

  [Symbol.dispose](): void {
    const block = this.#block
    this.#block = undefined
    if (block === undefined) return
    if (!isHostFloat16Block(block)) this.#instance.release(block.address)
    else if (this.#release !== undefined) listFloat16Buffers(block).forEach(this.#release)
  }
}

class PageRanker implements Ranker {
  readonly #options: RankingOptions
  #ranking: InstanceRanking | undefined

  constructor(instance: WasmInstance, options: RankingOptions) {
    this.#options = options
    this.#ranking = new InstanceRanking(instance, options)
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- an exception must reject
  async add(
    test: DeviceGradients,
    testStart: number,
    train: DeviceGradients,
    trainStart: number,
  ): Promise<void> {
    const { decoded } = test as PageGradients
    this.#requireInstance().add(decoded, testStart, (train as PageGradients).block, trainStart)
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- an exception must reject
  async finish(): Promise<Ranking> {
    return mergeRankings(this.#options, [this.#requireInstance().finish()])
  }

  [Symbol.dispose](): void {
    this.#ranking?.dispose()
    this.#ranking = undefined
  }

  #requireInstance(): InstanceRanking {
    if (this.#ranking !== undefined) return this.#ranking
    throw new DisposedError('This ranking was disposed; open another one.')
  }
}
