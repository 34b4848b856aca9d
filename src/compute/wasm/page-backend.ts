import { DisposedError } from '../../errors.js'
import type { CompactBlock, GpuGradientBlock, GradientBlock } from '../../gradients/block.js'
import { float16ByteLengthPerExample, compactByteLength } from '../../gradients/compact-layout.js'
import type { GradientBackend, DeviceGradients, Ranker } from '../gradient-backend.js'
import { releaseBlock } from '../../gradients/release-block.js'
import { type Float16Block, isFloat16Block } from '../../gradients/float16-block.js'
import { hostBlock } from '../host-block.js'
import type { Ranking, RankingOptions } from '../ranking.js'
import type { PlacedBlock } from './blocks/block-placement.js'
import {
  decodeFloat16Row,
  float16Buffers,
  groupFloat16Block,
  type HostFloat16Block,
  isHostFloat16Block,
} from './blocks/float16-block.js'
import { squaredNormsOf } from './blocks/norms.js'
import type { WasmInstance } from './instance.js'
import { mergeRankings } from './ranking/merge-rankings.js'
import { InstanceRanking } from './ranking/partial-ranking.js'
import { readBlock } from './blocks/read-block.js'
import { copyBlock } from './blocks/copy-block.js'

/** Works in the thread that asks, on one instance: what it is asked for is done when the call resolves. */
export class PageBackend implements GradientBackend {
  readonly keepsFloat16 = true
  #instance: WasmInstance | undefined

  constructor(instance: WasmInstance) {
    this.#instance = instance
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown is to reject
  async upload(block: GradientBlock | Float16Block | GpuGradientBlock): Promise<DeviceGradients> {
    return new PageGradients(this.#opened(), hostBlock(block))
  }

  openRanking(options: RankingOptions): Ranker {
    return new PageRanker(this.#opened(), options)
  }

  settle(): Promise<void> {
    return Promise.resolve()
  }

  /** The instance's memory goes as a whole, once nothing that it holds is in use. */
  [Symbol.dispose](): void {
    this.#instance = undefined
  }

  #opened(): WasmInstance {
    if (this.#instance !== undefined) return this.#instance
    throw new DisposedError('this Compute was disposed; open another one.')
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
      this.byteLength = exampleCount * float16ByteLengthPerExample(block.segments)
      this.#block = groupFloat16Block(block)
    } else {
      this.byteLength = compactByteLength(exampleCount, segments)
      this.#block = copyBlock(instance, block)
      releaseBlock(block)
    }
  }

  get block(): PlacedBlock | HostFloat16Block {
    if (this.#block !== undefined) return this.#block
    throw new DisposedError('these gradients were disposed; hold them again.')
  }

  /** The block in float32, from now on if it was not. */
  get decoded(): PlacedBlock {
    const placed = this.block
    if (!isHostFloat16Block(placed)) return placed
    const block = decodeFloat16Row(this.#instance, placed)
    this.#block = block
    return block
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown is to reject
  async squaredNorms(): Promise<Float64Array> {
    return squaredNormsOf(this.#instance, this.block)
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown is to reject
  async read(): Promise<CompactBlock> {
    return readBlock(this.#instance, this.decoded)
  }

  [Symbol.dispose](): void {
    const block = this.#block
    this.#block = undefined
    if (block === undefined) return
    if (!isHostFloat16Block(block)) this.#instance.release(block.address)
    else if (this.#release !== undefined) float16Buffers(block).forEach(this.#release)
  }
}

class PageRanker implements Ranker {
  readonly #options: RankingOptions
  #ranking: InstanceRanking | undefined

  constructor(instance: WasmInstance, options: RankingOptions) {
    this.#options = options
    this.#ranking = new InstanceRanking(instance, options)
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown is to reject
  async add(
    test: DeviceGradients,
    testStart: number,
    train: DeviceGradients,
    trainStart: number,
  ): Promise<void> {
    const { decoded } = test as PageGradients
    this.#opened().add(decoded, testStart, (train as PageGradients).block, trainStart)
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown is to reject
  async finish(): Promise<Ranking> {
    return mergeRankings(this.#options, [this.#opened().finish()])
  }

  [Symbol.dispose](): void {
    this.#ranking?.dispose()
    this.#ranking = undefined
  }

  #opened(): InstanceRanking {
    if (this.#ranking !== undefined) return this.#ranking
    throw new DisposedError('this ranking was disposed; open another one.')
  }
}
