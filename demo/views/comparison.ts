import { drawHighlighted } from '../charts/pixel-canvas.js'
import { find, setText } from '../dom.js'
import type { SharedEvidence } from '../explaining/shared-evidence.js'
import { describeShare } from '../text/shared-evidence.js'

export interface Comparison {
  readonly question: ArrayLike<number>
  readonly example: ArrayLike<number>
  /** The training example's number. */
  readonly index: number
  /** The class that both are attributed to. */
  readonly name: string
  readonly evidence: SharedEvidence
}

/** Shows the question and a training example with what they share, and one sentence. */
export function showComparison(
  { question, example, index, name, evidence }: Comparison,
  { one, parts }: { readonly one: string; readonly parts: string },
): void {
  const { shared } = evidence
  drawHighlighted(find('#shared-question', HTMLCanvasElement), question, shared)
  drawHighlighted(find('#shared-example', HTMLCanvasElement), example, shared)
  setText(find('#shared-example-name', HTMLElement), `no. ${index}`)
  setText(
    find('#shared-caption', HTMLElement),
    describeShare(evidence, { one, parts, index, name }),
  )
}
