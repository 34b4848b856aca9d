import { type CompactLayout, getDenseSize } from '../../../gradients/compact-layout.js'
import { isGramCheaper } from '../../product-method.js'
import { getOperandShape } from './operand.js'

interface ParameterLayout {
  readonly parameter: string
  readonly layout: CompactLayout
}

/** How the inner products of two segments of one parameter are computed. */
export interface ProductPlan<Segment extends ParameterLayout = ParameterLayout> {
  readonly left: Segment
  readonly right: Segment
  /**
   * - dense: Σ_k G[k] G'[k]; the numbers of a factored side are computed as they are read
   * - single position: (a·a')(δ·δ')
   * - gram: Σ_{t,s} (a_t·a'_s)(δ_t·δ'_s)
   */
  readonly method: 'dense' | 'single position' | 'gram'
  /** The sum is divided into chunks of this many numbers k, or positions t. */
  readonly chunkLength: number
  readonly chunkCount: number
  /** The slot of the first chunk's partial sums. */
  readonly slot: number
}

/** Plans all pairs of segments of the same parameter, whose sum is the gradient. */
export function planProducts<Segment extends ParameterLayout>(
  left: readonly Segment[],
  right: readonly Segment[],
): { plans: readonly ProductPlan<Segment>[]; slotCount: number } {
  const plans: ProductPlan<Segment>[] = []
  let slotCount = 0
  for (const one of left) {
    for (const other of right) {
      if (one.parameter !== other.parameter) continue
      const method = chooseMethod(one.layout, other.layout)
      const chunks = chooseChunks(one.layout, method)
      plans.push({ left: one, right: other, method, ...chunks, slot: slotCount })
      slotCount += chunks.chunkCount
    }
  }
  return { plans, slotCount }
}

/** Chooses the method of a pair of segments. Where a side is a lookup, the other one is read at its indices only. */
function chooseMethod(left: CompactLayout, right: CompactLayout): ProductPlan['method'] {
  const [l, r] = [getOperandShape(left), getOperandShape(right)]
  const isAlike = l.inputSize === r.inputSize && l.outputSize === r.outputSize
  if (left.kind === 'dense' || right.kind === 'dense' || !isAlike) return 'dense'
  if (left.kind === 'lookup' || right.kind === 'lookup') return 'gram'
  if (!isGramCheaper(l, r)) return 'dense'
  return l.positions === 1 && r.positions === 1 ? 'single position' : 'gram'
}

/** The most chunks of a sum: workgroups for one tile of pairs. Chunks depend on the parameter only. */
const maxChunks = 64

function chooseChunks(
  left: CompactLayout,
  method: ProductPlan['method'],
): { chunkLength: number; chunkCount: number } {
  switch (method) {
    case 'single position':
      return { chunkLength: 1, chunkCount: 1 }
    case 'gram':
      return divideIntoChunks(getOperandShape(left).positions, 16)
    case 'dense':
      return divideIntoChunks(getDenseSize(left), 1024)
  }
}

function divideIntoChunks(
  length: number,
  shortest: number,
): { chunkLength: number; chunkCount: number } {
  const count = Math.min(maxChunks, Math.ceil(length / shortest))
  const chunkLength = Math.ceil(length / count / shortest) * shortest
  return { chunkLength, chunkCount: Math.ceil(length / chunkLength) }
}
