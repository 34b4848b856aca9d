import type { Agreement, PeerDescription } from '../peers.js'
import type { LargeTask } from './protocol.js'

/** The figures of one model of real size. */
export interface LargeReport {
  readonly name: string
  readonly title: string
  readonly parameterCount: number
  readonly exampleCount: number
  readonly columns: readonly LargeColumn[]
  readonly peers: readonly PeerDescription[]
  /** gradlens's results against float64 TensorFlow, by column. */
  readonly agreement: readonly (Agreement & { readonly column: string })[]
}

/** A participant: gradlens in one place, or a peer, for which some figures are null. */
export interface LargeColumn {
  readonly name: string
  /** Medians; of `fit`, per example. */
  readonly ms: Readonly<Record<LargeTask, number>>
  /** The first fit, with what the adapter finds out once per model. */
  readonly firstMs: number | null
  readonly storedBytesPerExample: number
  /** TensorFlow.js's wasm memory in the page. */
  readonly heapBytes: number | null
  readonly longestTaskMs: number | null
  /** The peak of the process, which for a page includes its workers. Null on systems other than Linux. */
  readonly peakMiB: number | null
}
