import type { GpuGradientBlock, GradientBlock } from '../gradients/block.js'
import type { Device } from '../options.js'
import type { CompactBlock } from './compact.js'
import type { HalfBlock } from './half-block.js'
import type { Ranking, RankingOptions } from './ranking.js'

/** The arithmetic on gradients, on the device where they lie. */
export interface Compute extends Disposable {
  /** Whether a block of float16 takes no more than that where it is held. */
  readonly keepsHalf: boolean
  /**
   * Takes a block over, which must not be used afterwards: each parameter in the smaller of its exact forms,
   * with its squared norms; one of float16 in the form that it has. Resolves as soon as more can be taken, which may be before the work is done; what
   * fails later is thrown by `settle` and by each use of the result.
   */
  hold(block: GradientBlock | HalfBlock | GpuGradientBlock): Promise<HeldGradients>
  openRanking(options: RankingOptions): Ranker
  /** Resolves when all that was asked for is done. */
  settle(): Promise<void>
}

/** Gradients that a Compute holds until they are disposed. */
export interface HeldGradients extends Disposable {
  readonly rowCount: number
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
    test: HeldGradients,
    testStart: number,
    train: HeldGradients,
    trainStart: number,
  ): Promise<void>
  finish(): Promise<Ranking>
}

/**
 * What works on the gradients that a model gives on that device, and why it is not the fastest that there is for
 * it, if it is not.
 *
 * @param gpuDevice the device in whose buffers the gradients lie, if they do
 */
export async function openCompute(
  device: Device,
  gpuDevice: GPUDevice | undefined,
): Promise<{ compute: Compute; fallbackReason: string | null }> {
  if (gpuDevice !== undefined) {
    const { openWebgpuCompute } = await import('./webgpu/open.js')
    return { compute: await openWebgpuCompute(gpuDevice), fallbackReason: null }
  }
  const { openCpuCompute } = await import('./cpu.js')
  if (device === 'cpu') return { compute: openCpuCompute(), fallbackReason: null }
  try {
    const { openWasmCompute } = await import('./wasm/open.js')
    return await openWasmCompute()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return {
      compute: openCpuCompute(),
      fallbackReason: `gradients are compared in plain JavaScript: ${reason}`,
    }
  }
}
