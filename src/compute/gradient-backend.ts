import type { CompactBlock, GpuGradientBlock, GradientBlock } from '../gradients/block.js'
import type { Float16Block } from '../gradients/float16-block.js'
import type { Ranking, RankingOptions } from './ranking.js'

/** The arithmetic on gradients, on the device where they lie. */
export interface GradientBackend extends Disposable {
  /** Whether a block of float16 takes no more than that where it is held. */
  readonly keepsFloat16: boolean
  /**
   * Takes a block over, which must not be used afterwards: each parameter in the smaller of its exact forms,
   * with its squared norms; one of float16 in the form that it has. Resolves as soon as more can be taken, which may be before the work is done; what
   * fails later is thrown by `settle` and by each use of the result.
   */
  upload(block: GradientBlock | Float16Block | GpuGradientBlock): Promise<DeviceGradients>
  openRanking(options: RankingOptions): Ranker
  /** Resolves when all that was asked for is done. */
  settle(): Promise<void>
}

/** Gradients that a Compute holds until they are disposed. */
export interface DeviceGradients extends Disposable {
  readonly exampleCount: number
  /** What the numbers occupy, in bytes: the gradients in their compact forms, and the squared norms. */
  readonly byteLength: number
  /** ‖g‖² per row over all parameters; NaN or infinite where a gradient is not finite. */
  squaredNorms(): Promise<Float64Array>
  /** The gradients themselves, each parameter in its compact form, in arrays that are the caller's. */
  read(): Promise<CompactBlock>
}

/** Training examples by their similarity to test examples, from tiles of pairs. */
export interface Ranker extends Disposable {
  /**
   * Scores each row of `test` with each row of `train`. Tiles may come in any order, each pair once. Resolves as
   * soon as more can be taken.
   *
   * @param testStart the index of the first row of `test` among all test examples; `trainStart` likewise
   */
  add(
    test: DeviceGradients,
    testStart: number,
    train: DeviceGradients,
    trainStart: number,
  ): Promise<void>
  finish(): Promise<Ranking>
}
