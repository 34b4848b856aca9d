import type { LargeReport } from './large/report.js'
import type { Agreement, PeerDescription } from './peers.js'
import type { PageReport, Task } from './protocol.js'

/**
 * The output file. Times are milliseconds: for `fit` per example, for others per explained example.
 */
export interface BenchReport {
  readonly date: string
  readonly machine: MachineReport
  readonly settings: readonly (PageReport & { readonly name: string })[]
  readonly peers: readonly PeerDescription[]
  /** The settings that were left out, and why. */
  readonly remarks: readonly string[]
  readonly models: readonly ModelReport[]
  readonly largeModels: readonly LargeReport[]
}

export interface MachineReport {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  readonly browser: string
}

export interface ModelReport {
  readonly name: string
  readonly title: string
  readonly parameterCount: number
  readonly exampleCount: number
  readonly columns: readonly Column[]
  readonly ratios: readonly Ratio[]
  readonly agreement: readonly (Agreement & { readonly setting: string; readonly peer: string })[]
  readonly growth: readonly Growth[]
  readonly memory: readonly Memory[]
}

export interface Column {
  readonly name: string
  /** Null for a peer, which doesn't run in a page. */
  readonly setting: string | null
  /** Null if nothing is stored. */
  readonly storedBytesPerExample: number | null
  readonly cells: Partial<Readonly<Record<Task, Cell>>>
}

export interface Cell {
  readonly median: number
  readonly rounds: readonly number[]
  readonly remark?: string
}

/** The other participant's time or stored bytes, divided by gradlens's in the same setting. */
export interface Ratio {
  readonly setting: string
  readonly other: string
  readonly what: Task | 'storedBytes'
  /** The median ratio over rounds. A slowdown that lasts minutes affects both sides of a round. */
  readonly median: number
}

/** The time of one whole call of gradlens, by number of training rows. */
export interface Growth {
  readonly setting: string
  readonly task: 'fit' | 'explainAdHoc'
  readonly rows: readonly number[]
  readonly ms: readonly number[]
}

/**
 * The largest resident size of a new page's process that explains one example without stored
 * gradients.
 */
export interface Memory {
  readonly setting: string
  readonly rows: readonly number[]
  readonly peakMiB: readonly number[]
  /** The bytes of the training data in the page. */
  readonly dataMiB: readonly number[]
}
