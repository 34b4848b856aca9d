import type { CompactBlock, GpuGradientBlock, GradientBlock } from '../gradients/block.js'
import { compactByteLength } from '../gradients/compact-layout.js'
import { compactBlock } from '../gradients/compact-block.js'
import type { GradientBackend, DeviceGradients, Ranker } from './gradient-backend.js'
import { releaseBlock } from '../gradients/release-block.js'
import { type Float16Block, isFloat16Block } from '../gradients/float16-block.js'
import { hostBlock } from './host-block.js'
import { innerProducts, squaredNorms } from './inner-products.js'
import { HostRanking } from './host-ranking.js'
import type { RankingOptions } from './ranking.js'
import { similarity } from './similarity.js'

/** The reference: plain loops, sums in float64. What it is asked for is done when the call resolves. */
export function openCpuBackend(): GradientBackend {
  return {
    keepsFloat16: false,
    upload: async (block) => new CpuGradients(await floatBlock(block)),
    openRanking: cpuRanker,
    settle: () => Promise.resolve(),
    [Symbol.dispose]: () => undefined,
  }
}

async function floatBlock(
  given: GradientBlock | Float16Block | GpuGradientBlock,
): Promise<GradientBlock> {
  const block = hostBlock(given)
  if (!isFloat16Block(block)) return block
  const { decodedBlock } = await import('../gradients/decode-block.js')
  const decoded = decodedBlock(block)
  releaseBlock(block)
  return decoded
}

class CpuGradients implements DeviceGradients {
  readonly block: CompactBlock
  readonly norms: Float64Array
  readonly byteLength: number

  constructor(block: GradientBlock) {
    this.block = compactBlock(block)
    this.norms = squaredNorms(this.block)
    this.byteLength = compactByteLength(block.exampleCount, block.segments)
  }

  get exampleCount(): number {
    return this.block.exampleCount
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
      for (let i = 0; i < test.exampleCount; i++) {
        const row = products.subarray(i * train.exampleCount, (i + 1) * train.exampleCount)
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
