import type { Explanation } from '../explanation.js'
import type { FrameDtype } from './array-formats.js'

export const frameFormat = 'gradlens-frame'
/** The version of the format, which changes only if older readers can't read it. */
export const frameVersion = '1'

/** Properties for the element that shows an explanation, such as `labels`, by their names. */
export type FrameSide = Readonly<Record<string, unknown>>

/** The content of a frame. */
export interface Frame {
  readonly explanation: Explanation
  readonly side: FrameSide
  /**
   * 'float16' if the frame has float16 arrays. With it, `encodeFrame` writes the same bytes again.
   */
  readonly dtype: Extract<FrameDtype, 'float16'> | undefined
  /** The version of the package that wrote the frame. */
  readonly version: string
}
