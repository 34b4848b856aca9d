import type { Similarity, SimilarityName } from '../../similarity.js'
import type { Commands } from '../gpu/commands.js'
import type { Slab } from '../slab.js'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import type { PairTile } from '../products/products.js'
import source from './scores.wgsl?raw'
import sumOfSlots from '../gpu/sum-of-slots.wgsl?raw'

export const scores: Kernel = createKernel('scores', [numbers, sumOfSlots, source])

const pairsPerWorkgroup = 64

/** The numbers that the kernel uses. */
const similarityNumber: Readonly<Record<SimilarityName, number>> = {
  grad_dot: 0,
  grad_cos: 1,
  grad_asym_dot: 2,
}

export interface ScoredTile {
  readonly left: Slab
  readonly right: Slab
  readonly tile: PairTile
  readonly partials: GPUBuffer
  readonly slotCount: number
  /** The training index of the tile's first row on the right. */
  readonly trainStart: number
  /** [rows, columns] pairs of score and index. */
  readonly pairs: GPUBuffer
  readonly pairsRow: number
  readonly pairsColumn: number
  readonly columns: number
  /** Each score is written a second time this many rows below; 0: only once. */
  readonly copyDistance: number
  /** Marks the scores that are not finite, in rows of `maskWords` words; unused with 0 words. */
  readonly mask: GPUBuffer
  readonly maskRow: number
  readonly maskWords: number
}

/** Computes the scores of a tile's pairs from the parts of their inner products and the norms. */
export function scoreTile(commands: Commands, of: ScoredTile, similarity: Similarity): void {
  const { left, right, tile, partials, pairs, mask, ...places } = of
  commands.dispatch({
    kernel: scores,
    bindings: [partials, left.norms, right.norms, pairs, mask],
    parameters: {
      ...places,
      ...tile,
      ...splitEps(similarity.eps),
      similarity: similarityNumber[similarity.name],
    },
    workgroupCount: Math.ceil((tile.leftRows * tile.rightRows) / pairsPerWorkgroup),
  })
}

/** Splits ε into mantissa · 2^exponent. */
function splitEps(eps: number): { epsMantissa: number; epsExponent: number } {
  if (eps === 0) return { epsMantissa: 0, epsExponent: -0x10000 }
  const epsExponent = Math.floor(Math.log2(eps))
  return { epsMantissa: eps / 2 ** epsExponent, epsExponent }
}
