import { DisposedError } from '../../../errors.js'
import type { GpuGradientBlock, GradientBlock, GradientSegment } from '../../../gradients/block.js'
import { getFloat16ByteLength, getCompactByteLength } from '../../../gradients/compact-layout.js'
import type { GradientBackend, DeviceGradients, Ranker } from '../../gradient-backend.js'
import {
  type Float16Block,
  type Float16Values,
  isFloat16Block,
} from '../../../gradients/float16-block.js'
import { requireHostBlock } from '../../host-block.js'
import { mapSegment } from '../../../gradients/map-segment.js'
import type { RankingOptions } from '../../ranking.js'
import { PoolGradients } from './pool-gradients.js'
import { PoolRanker } from './pool-ranker.js'
import { WorkerPool } from './worker-pool.js'

let lastKey = 0

/** A backend in the page's workers. Each worker stores a share of the blocks, and scores them. */
export class PoolBackend implements GradientBackend {
  readonly keepsFloat16 = true
  readonly #pool: WorkerPool
  readonly #work = new Set<Promise<unknown>>()
  readonly #open = new Set<Disposable>()
  #failure: { readonly reason: unknown } | undefined
  #isDisposed = false

  private constructor(pool: WorkerPool) {
    this.#pool = pool
  }

  /** @throws DeviceError, or what `new Worker` throws, where workers are refused */
  static async open(compiled: WebAssembly.Module): Promise<PoolBackend> {
    return new PoolBackend(await WorkerPool.join(compiled))
  }

  async upload(given: GradientBlock | Float16Block | GpuGradientBlock): Promise<DeviceGradients> {
    this.#check()
    const block = requireHostBlock(given)
    const byteLength = isFloat16Block(block)
      ? block.exampleCount * getFloat16ByteLength(block.segments)
      : getCompactByteLength(block.exampleCount, block.segments)
    const owner = await this.#pool.findFreeWorker()
    this.#check()
    const key = ++lastKey
    const { gradients, transfer } = toTransferable(block)
    const uploading = owner.ask({ kind: 'upload', block: key, gradients }, transfer)
    this.#track(uploading)
    const placed = new PoolGradients(
      { owner, key },
      { exampleCount: block.exampleCount, byteLength },
      isFloat16Block(block) ? undefined : (uploading as Promise<Float64Array>),
      (disposed) => this.#open.delete(disposed),
      block.release,
    )
    this.#open.add(placed)
    return placed
  }

  openRanking(options: RankingOptions): Ranker {
    this.#check()
    const ranker = new PoolRanker(
      this.#pool,
      ++lastKey,
      options,
      (work) => {
        this.#track(work)
      },
      (disposed) => this.#open.delete(disposed),
    )
    this.#open.add(ranker)
    return ranker
  }

  async settle(): Promise<void> {
    await Promise.allSettled(this.#work)
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.reason
  }

  /** Pending work rejects. The workers end with the last backend. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    for (const open of [...this.#open]) open[Symbol.dispose]()
    this.#pool.leave()
  }

  #check(): void {
    if (this.#isDisposed) {
      throw new DisposedError('This backend was disposed; open another one.')
    }
  }

  #track(work: Promise<unknown>): void {
    this.#work.add(work)
    work
      .catch((reason: unknown) => {
        this.#failure ??= { reason }
      })
      .finally(() => this.#work.delete(work))
  }
}

/** Prepares a block for transfer: buffers that it does not own exclusively are copied. */
function toTransferable(block: GradientBlock | Float16Block): {
  readonly gradients: GradientBlock | Float16Block
  readonly transfer: Transferable[]
} {
  const transfer = new Set<ArrayBuffer>()
  const moveOrCopy = <Numbers extends Float32Array | Int32Array | Uint16Array>(
    numbers: Numbers,
  ): Numbers => {
    const { buffer, byteLength } = numbers
    const isFree =
      buffer instanceof ArrayBuffer &&
      (block.release !== undefined || buffer.byteLength === byteLength) &&
      !transfer.has(buffer)
    const moved = isFree ? numbers : (numbers.slice() as Numbers)
    transfer.add(moved.buffer as ArrayBuffer)
    return moved
  }
  const { exampleCount } = block
  if (isFloat16Block(block)) {
    const moveOrCopyFloat16 = ({ bits, exponents }: Float16Values): Float16Values => ({
      bits: moveOrCopy(bits),
      exponents,
    })
    const segments = block.segments.map((segment) =>
      mapSegment(segment, moveOrCopyFloat16, moveOrCopy),
    )
    return { gradients: { exampleCount, segments }, transfer: [...transfer] }
  }
  const segments = block.segments.map((segment): GradientSegment =>
    segment.kind === 'convolution'
      ? { ...segment, a: moveOrCopy(segment.a), delta: moveOrCopy(segment.delta) }
      : mapSegment(segment, moveOrCopy, moveOrCopy),
  )
  return { gradients: { exampleCount, segments }, transfer: [...transfer] }
}
