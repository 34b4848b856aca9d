import type { CompactBlock, GpuGradientBlock, GradientBlock } from '../gradients/block.js'
import { getCompactByteLength } from '../gradients/compact-layout.js'
import { compactBlock } from '../gradients/compact-block.js'
import type { GradientBackend, DeviceGradients, Ranker } from './gradient-backend.js'
import { releaseBlock } from '../gradients/release-block.js'
import { type Float16Block, isFloat16Block } from '../gradients/float16-block.js'
import { requireHostBlock } from './host-block.js'
import { computeInnerProducts, computeSquaredNorms } from './inner-products.js'
import { HostRanking } from './host-ranking.js'
import type { RankingOptions } from './ranking.js'
import { computeSimilarity } from './similarity.js'

/** Opens the reference backend: plain loops, sums in float64. Work is done when its call resolves. */
export function openCpuBackend(): GradientBackend {
  return {
    keepsFloat16: false,
    upload: async (block) => new CpuGradients(await toFloat32Block(block)),
    openRanking: createCpuRanker,
    settle: () => Promise.resolve(),
    [Symbol.dispose]: () => undefined,
  }
}

async function toFloat32Block(
  given: GradientBlock | Float16Block | GpuGradientBlock,
): Promise<GradientBlock> {
  const block = requireHostBlock(given)
  if (!isFloat16Block(block)) return block
  const { decodeBlock } = await import('../gradients/decode-block.js')
  const decoded = decodeBlock(block)
  releaseBlock(block)
  return decoded
}

class CpuGradients implements DeviceGradients {
  readonly block: CompactBlock
  readonly norms: Float64Array
  readonly byteLength: number

  constructor(block: GradientBlock) {
    this.block = compactBlock(block)
    this.norms = computeSquaredNorms(this.block)
    this.byteLength = getCompactByteLength(block.exampleCount, block.segments)
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
    // Garbage collection frees the arrays.
  }
}

function createCpuRanker(options: RankingOptions): Ranker {
  const ranking = new HostRanking(options)
  return {
    add(testGradients, testStart, trainGradients, trainStart): Promise<void> {
      const test = testGradients as CpuGradients
      const train = trainGradients as CpuGradients
      const products = computeInnerProducts(test.block, train.block)
      for (let i = 0; i < test.exampleCount; i++) {
        const row = products.subarray(i * train.exampleCount, (i + 1) * train.exampleCount)
        const scores = Float32Array.from(row, (dot, j) =>
          computeSimilarity(options.similarity, dot, test.norms[i]!, train.norms[j]!),
        )
        ranking.add(testStart + i, trainStart, scores)
      }
      return Promise.resolve()
    },
    finish: () => Promise.resolve(ranking.finish()),
    [Symbol.dispose]: () => undefined,
  }
}
