import type { GradientBlock } from './block.js'
import { byteLengthOf } from './block.js'

/** A block of training gradients, with what the similarity functions need besides. */
export interface StoredBlock {
  readonly block: GradientBlock
  /** ‖g‖² per row. */
  readonly squaredNorms: Float64Array
}

/** Training gradients in the order of their examples, block by block. */
export class GradientStore {
  readonly #blocks: StoredBlock[] = []
  #byteLength = 0

  append(stored: StoredBlock): void {
    this.#blocks.push(stored)
    this.#byteLength += byteLengthOf(stored.block) + stored.squaredNorms.byteLength
  }

  get blocks(): readonly StoredBlock[] {
    return this.#blocks
  }

  /** What the stored numbers occupy, in bytes. */
  get byteLength(): number {
    return this.#byteLength
  }
}
