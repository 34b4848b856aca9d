import type { CompactBlock, GpuGradientBlock, GradientBlock } from '../gradients/block.js'
import type { Float16Block } from '../gradients/float16-block.js'
import type { Projection } from '../gradients/projection/projection.js'
import type { Ranking, RankingOptions } from './ranking.js'

/** The arithmetic on gradients, on the device that stores them. */
export interface GradientBackend extends Disposable {
  /** True if an uploaded block of float16 stays float16 in memory. */
  readonly keepsFloat16: boolean
  /**
   * Uploads a block, which must not be used afterwards. Each parameter takes the smaller of its exact layouts; a block of
   * float16 keeps its layouts. Resolves when the backend can accept more work, which may be before this work is done.
   * Later failures are thrown by `settle` and by each use of the result.
   */
  upload(block: GradientBlock | Float16Block | GpuGradientBlock): Promise<DeviceGradients>
  /**
   * Projects gradients on the device; absent if the backend's gradients are in JavaScript's memory. The given ones stay.
   * Undefined if their layouts have no kernel, or the matrices take too much memory.
   */
  project?(gradients: DeviceGradients, projection: Projection): Promise<DeviceGradients | undefined>
  openRanking(options: RankingOptions): Ranker
  /** Resolves when all requested work is done; rejects with its first failure. */
  settle(): Promise<void>
}

/** Gradients on a device, until they are disposed. */
export interface DeviceGradients extends Disposable {
  readonly exampleCount: number
  /** The bytes of the numbers: the gradients in their compact layouts, and the squared norms. */
  readonly byteLength: number
  /** ‖g‖² per example over all parameters; NaN or infinite where a gradient is not finite. */
  squaredNorms(): Promise<Float64Array>
  /** Copies the gradients into arrays of the caller, each parameter in its compact layout. */
  read(): Promise<CompactBlock>
}

/** Ranks training examples by their similarity to test examples, from tiles of pairs. */
export interface Ranker extends Disposable {
  /**
   * Scores each example of `test` with each example of `train`. Tiles may come in any order, each pair once. Resolves
   * when the ranker can accept more work.
   *
   * @param testStart the index of the first example of `test` among all test examples; `trainStart` likewise
   */
  add(
    test: DeviceGradients,
    testStart: number,
    train: DeviceGradients,
    trainStart: number,
  ): Promise<void>
  finish(): Promise<Ranking>
}
