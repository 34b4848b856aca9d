import { DisposedError } from '../../errors.js'
import type { GpuGradientBlock, GradientBlock } from '../../gradients/block.js'
import { halfRowByteLength, heldByteLength } from '../compact-form.js'
import type { CompactBlock } from '../compact.js'
import type { Compute, HeldGradients, Ranker } from '../compute.js'
import { giveBack } from '../give-back.js'
import type { HalfBlock } from '../half-block.js'
import { isHalfBlock } from '../half-block.js'
import { hostBlock } from '../host-block.js'
import type { Ranking, RankingOptions } from '../ranking.js'
import type { HeldBlock } from './held-block.js'
import type { HeldHalf } from './held-half.js'
import { decodeHalf, halfBuffers, isHeldHalf, takeHalf } from './held-half.js'
import { squaredNormsOf } from './held-norms.js'
import type { WasmInstance } from './instance.js'
import { mergeRankings } from './merge-rankings.js'
import { InstanceRanking } from './partial-ranking.js'
import { readBlock } from './read-block.js'
import { takeBlock } from './take-block.js'

/** Works in the thread that asks, on one instance: what it is asked for is done when the call resolves. */
export class PageCompute implements Compute {
  readonly keepsHalf = true
  #instance: WasmInstance | undefined

  constructor(instance: WasmInstance) {
    this.#instance = instance
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown is to reject
  async hold(block: GradientBlock | HalfBlock | GpuGradientBlock): Promise<HeldGradients> {
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

class PageGradients implements HeldGradients {
  readonly rowCount: number
  readonly byteLength: number
  readonly #instance: WasmInstance
  readonly #giveBack: ((buffer: ArrayBuffer) => void) | undefined
  #block: HeldBlock | HeldHalf | undefined

  constructor(instance: WasmInstance, block: GradientBlock | HalfBlock) {
    const { rowCount, segments } = block
    this.#instance = instance
    this.rowCount = rowCount
    this.#giveBack = block.giveBack
    if (isHalfBlock(block)) {
      this.byteLength = rowCount * halfRowByteLength(block.segments)
      this.#block = takeHalf(block)
    } else {
      this.byteLength = heldByteLength(rowCount, segments)
      this.#block = takeBlock(instance, block)
      giveBack(block)
    }
  }

  get block(): HeldBlock | HeldHalf {
    if (this.#block !== undefined) return this.#block
    throw new DisposedError('these gradients were disposed; hold them again.')
  }

  /** The block in float32, from now on if it was not. */
  get decoded(): HeldBlock {
    const held = this.block
    if (!isHeldHalf(held)) return held
    const block = decodeHalf(this.#instance, held)
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
    if (!isHeldHalf(block)) this.#instance.release(block.address)
    else if (this.#giveBack !== undefined) halfBuffers(block).forEach(this.#giveBack)
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
    test: HeldGradients,
    testStart: number,
    train: HeldGradients,
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
