import type { GpuGradientBlock, GradientBlock } from '../gradients/block.js'
import { heldByteLength } from './compact-form.js'
import type { CompactBlock } from './compact.js'
import { compactBlock } from './compact.js'
import type { Compute, HeldGradients, Ranker } from './compute.js'
import { giveBack } from './give-back.js'
import type { HalfBlock } from './half-block.js'
import { isHalfBlock } from './half-block.js'
import { hostBlock } from './host-block.js'
import { innerProducts, squaredNorms } from './inner-products.js'
import type { RankingOptions } from './ranking.js'
import { HostRanking } from './ranking.js'
import { similarity } from './similarity.js'

/** The reference: plain loops, sums in float64. What it is asked for is done when the call resolves. */
export function openCpuCompute(): Compute {
  return {
    keepsHalf: false,
    hold: async (block) => new CpuGradients(await floatBlock(block)),
    openRanking: cpuRanker,
    settle: () => Promise.resolve(),
    [Symbol.dispose]: () => undefined,
  }
}

async function floatBlock(
  given: GradientBlock | HalfBlock | GpuGradientBlock,
): Promise<GradientBlock> {
  const block = hostBlock(given)
  if (!isHalfBlock(block)) return block
  const { decodedBlock } = await import('../gradients/decoded-block.js')
  const decoded = decodedBlock(block)
  giveBack(block)
  return decoded
}

class CpuGradients implements HeldGradients {
  readonly block: CompactBlock
  readonly norms: Float64Array
  readonly byteLength: number

  constructor(block: GradientBlock) {
    this.block = compactBlock(block)
    this.norms = squaredNorms(this.block)
    this.byteLength = heldByteLength(block.rowCount, block.segments)
  }

  get rowCount(): number {
    return this.block.rowCount
  }

  squaredNorms(): Promise<Float64Array> {
    return Promise.resolve(this.norms)
  }

  read(): Promise<CompactBlock> {
    return Promise.resolve(structuredClone(this.block))
  }

  [Symbol.dispose](): void {
    // Nothing but memory of JavaScript's own.
  }
}

function cpuRanker(options: RankingOptions): Ranker {
  const ranking = new HostRanking(options)
  return {
    add(testGradients, testStart, trainGradients, trainStart): Promise<void> {
      const test = testGradients as CpuGradients
      const train = trainGradients as CpuGradients
      const products = innerProducts(test.block, train.block)
      for (let i = 0; i < test.rowCount; i++) {
        const row = products.subarray(i * train.rowCount, (i + 1) * train.rowCount)
        const scores = Float32Array.from(row, (dot, j) =>
          similarity(options.similarity, dot, test.norms[i]!, train.norms[j]!),
        )
        ranking.add(testStart + i, trainStart, scores)
      }
      return Promise.resolve()
    },
    finish: () => Promise.resolve(ranking.finish()),
    [Symbol.dispose]: () => undefined,
  }
}
