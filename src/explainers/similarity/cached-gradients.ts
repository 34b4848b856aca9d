import type { DeviceGradients } from '../../compute/gradient-backend.js'

/**
 * Training gradients in memory, in the order of their examples, block by block. They live as long as somebody holds them: who
 * made them, and each call that reads them.
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

  /** What the numbers occupy, in bytes. */
  get byteLength(): number {
    return this.#blocks.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  retain(): void {
    this.#userCount++
  }

  /** Once for the constructor, and once for each `retain`. */
  [Symbol.dispose](): void {
    this.#userCount--
    if (this.#userCount > 0) return
    for (const gradients of this.#blocks) gradients[Symbol.dispose]()
    this.#blocks.length = 0
  }
}
