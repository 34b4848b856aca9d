import type { ExplanationSource } from '../elements/base/explanation-source.js'
import type { FrameSide } from '../frame/frame.js'

/** An explanation, its JSON as text or parsed, or its frame. */
export type ReportSource = Exclude<ExplanationSource, PromiseLike<unknown> | Blob>

/** An explanation in a report, with its heading and what its element shows in addition. */
export interface ReportPart {
  readonly explanation: ReportSource
  readonly title?: string | undefined
  /** Properties of the element, which count before those of a frame. */
  readonly side?: FrameSide | undefined
}
