import { DisposedError } from '../../../errors.js'
import type { CompactBlock } from '../../../gradients/block.js'
import type { DeviceGradients } from '../../gradient-backend.js'
import type { PoolWorker } from './pool-worker.js'

/** Gradients in one worker of the pool, and copies of them in those that have compared them with others. */
export class PoolGradients implements DeviceGradients {
  readonly exampleCount: number
  readonly byteLength: number
  readonly home: PoolWorker
  readonly #key: number
  /** Undefined until somebody asks, where holding does not tell them. */
  #norms: Promise<Float64Array> | undefined
  readonly #copies = new Map<PoolWorker, Promise<void>>()
  readonly #onDispose: (gradients: PoolGradients) => void
  readonly #release: ((buffer: ArrayBuffer) => void) | undefined
  #isDisposed = false

  constructor(
    at: { readonly home: PoolWorker; readonly key: number },
    size: { readonly exampleCount: number; readonly byteLength: number },
    norms: Promise<Float64Array> | undefined,
    onDispose: (gradients: PoolGradients) => void,
    release?: (buffer: ArrayBuffer) => void,
  ) {
    this.exampleCount = size.exampleCount
    this.byteLength = size.byteLength
    this.home = at.home
    this.#key = at.key
    this.#norms = norms
    this.#onDispose = onDispose
    this.#release = release
    this.home.cachedBytes += this.byteLength
  }

  /** Its number in the workers. */
  get key(): number {
    this.#check()
    return this.#key
  }

  async squaredNorms(): Promise<Float64Array> {
    this.#check()
    this.#norms ??= this.home.ask({ kind: 'norms', block: this.#key })
    return (await this.#norms).slice()
  }

  async read(): Promise<CompactBlock> {
    return this.home.ask({ kind: 'read', block: this.key })
  }

  /** Sees to it that the worker has them, or is sent them before whatever it is asked next. */
  copyTo(worker: PoolWorker): Promise<void> {
    if (worker === this.home) return Promise.resolve()
    const copying = this.#copies.get(worker) ?? this.#sendTo(worker)
    this.#copies.set(worker, copying)
    return copying
  }

  async #sendTo(worker: PoolWorker): Promise<void> {
    const moved = await this.home.ask({ kind: 'lend', block: this.key })
    // What fails there fails each use again.
    worker.ask({ kind: 'borrow', block: this.key, moved }, [moved.bytes.buffer]).catch(ignore)
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#onDispose(this)
    this.home.cachedBytes -= this.byteLength
    for (const worker of [this.home, ...this.#copies.keys()]) {
      void worker.ask({ kind: 'release', block: this.#key }).then((buffers) => {
        if (this.#release !== undefined) buffers.forEach(this.#release)
      }, ignore)
    }
  }

  #check(): void {
    if (!this.#isDisposed) return
    throw new DisposedError('these gradients were disposed; hold them again.')
  }
}

/** A worker that has ended holds nothing. */
const ignore = (): void => undefined
