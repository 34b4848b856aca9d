import type { Agreement, PeerDescription } from './peers.js'
import type { PageReport, Task } from './protocol.js'

/** The file that a run writes. Times are milliseconds: of `fit` per example, of the others for one example explained. */
export interface BenchReport {
  readonly date: string
  readonly machine: MachineReport
  readonly settings: readonly (PageReport & { readonly name: string })[]
  readonly peers: readonly PeerDescription[]
  /** What was left out, and why. */
  readonly remarks: readonly string[]
  readonly models: readonly ModelReport[]
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
  /** Null for a peer, which runs in no page. */
  readonly setting: string | null
  /** Null where nothing is stored. */
  readonly storedBytesPerExample: number | null
  readonly cells: Partial<Readonly<Record<Task, Cell>>>
}

export interface Cell {
  readonly median: number
  readonly rounds: readonly number[]
  readonly remark?: string
}

/** How many times as long the other one takes, or as much it stores, as gradlens in that setting. */
export interface Ratio {
  readonly setting: string
  readonly other: string
  readonly what: Task | 'storedBytes'
  /** The median of the ratios of each round: what slows a machine for minutes slows both. */
  readonly median: number
}

/** The time of one whole call of gradlens by its number of training rows. */
export interface Growth {
  readonly setting: string
  readonly task: 'fit' | 'explainAdHoc'
  readonly rows: readonly number[]
  readonly ms: readonly number[]
}

/** The greatest resident size of a fresh page's process that explains one example, gradients not stored. */
export interface Memory {
  readonly setting: string
  readonly rows: readonly number[]
  readonly peakMiB: readonly number[]
  /** The training data themselves, which the page holds. */
  readonly dataMiB: readonly number[]
}
