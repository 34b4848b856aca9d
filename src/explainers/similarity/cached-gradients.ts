import type { DeviceGradients } from '../../compute/gradient-backend.js'

/**
 * Training gradients in memory, block by block, in the order of their examples. They are disposed when their creator and
 * all calls that read them have released them.
 */
export class CachedGradients implements Disposable {
  readonly #blocks: DeviceGradients[] = []
  #userCount = 1

  append(gradients: DeviceGradients): void {
    this.#blocks.push(gradients)
  }

  get blocks(): readonly DeviceGradients[] {
    return this.#blocks
  }

  /** The bytes of the numbers. */
  get byteLength(): number {
    return this.#blocks.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  retain(): void {
    this.#userCount++
  }

  /** Call it once for the constructor, and once for each `retain`. */
  [Symbol.dispose](): void {
    this.#userCount--
    if (this.#userCount > 0) return
    for (const gradients of this.#blocks) gradients[Symbol.dispose]()
    this.#blocks.length = 0
  }
}
