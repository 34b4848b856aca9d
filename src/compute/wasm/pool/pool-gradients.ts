import { DisposedError } from '../../../errors.js'
import type { CompactBlock } from '../../../gradients/block.js'
import type { DeviceGradients } from '../../gradient-backend.js'
import type { PoolWorker } from './pool-worker.js'

/** Gradients in one worker of the pool, and copies in the workers that have compared them with their own. */
export class PoolGradients implements DeviceGradients {
  readonly exampleCount: number
  readonly byteLength: number
  readonly owner: PoolWorker
  readonly #key: number
  /** Computed on first use if the upload does not return them. */
  #norms: Promise<Float64Array> | undefined
  readonly #copies = new Map<PoolWorker, Promise<void>>()
  readonly #onDispose: (gradients: PoolGradients) => void
  readonly #release: ((buffer: ArrayBuffer) => void) | undefined
  #isDisposed = false

  constructor(
    at: { readonly owner: PoolWorker; readonly key: number },
    size: { readonly exampleCount: number; readonly byteLength: number },
    norms: Promise<Float64Array> | undefined,
    onDispose: (gradients: PoolGradients) => void,
    release?: (buffer: ArrayBuffer) => void,
  ) {
    this.exampleCount = size.exampleCount
    this.byteLength = size.byteLength
    this.owner = at.owner
    this.#key = at.key
    this.#norms = norms
    this.#onDispose = onDispose
    this.#release = release
    this.owner.cachedBytes += this.byteLength
  }

  /** The number of this block in the workers. */
  get key(): number {
    this.#check()
    return this.#key
  }

  async squaredNorms(): Promise<Float64Array> {
    this.#check()
    this.#norms ??= this.owner.ask({ kind: 'norms', block: this.#key })
    return (await this.#norms).slice()
  }

  async read(): Promise<CompactBlock> {
    return this.owner.ask({ kind: 'read', block: this.key })
  }

  /** Copies the gradients to a worker, before the next task that it is given. */
  copyTo(worker: PoolWorker): Promise<void> {
    if (worker === this.owner) return Promise.resolve()
    const copying = this.#copies.get(worker) ?? this.#sendTo(worker)
    this.#copies.set(worker, copying)
    return copying
  }

  async #sendTo(worker: PoolWorker): Promise<void> {
    const moved = await this.owner.ask({ kind: 'copyOut', block: this.key })
    // A failure is thrown again by each use.
    worker.ask({ kind: 'copyIn', block: this.key, moved }, [moved.bytes.buffer]).catch(ignore)
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#onDispose(this)
    this.owner.cachedBytes -= this.byteLength
    for (const worker of [this.owner, ...this.#copies.keys()]) {
      void worker.ask({ kind: 'release', block: this.#key }).then((buffers) => {
        if (this.#release !== undefined) buffers.forEach(this.#release)
      }, ignore)
    }
  }

  #check(): void {
    if (!this.#isDisposed) return
    throw new DisposedError('These gradients were disposed; upload them again.')
  }
}

/** A worker that has ended stores nothing. */
const ignore = (): void => undefined
