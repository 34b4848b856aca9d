import type { Case } from './cases.js'

/** What is timed, in the order in which it is shown. */
export const tasks = ['fit', 'explainStored', 'explainAdHoc', 'integratedGradients'] as const

export type Task = (typeof tasks)[number]

/** Who computes it in a page: gradlens; a loop over examples; tfjs's own pass over a whole batch; gradlens's own. */
export const contestants = ['ours', 'loop', 'limit', 'passes'] as const

export type Contestant = (typeof contestants)[number]

export type PageDevice = 'wasm' | 'webgpu'

/** Milliseconds: of `fit` per example, of the others for one call. */
export interface Measured {
  readonly ms: number
  /** What must be known to read the number. */
  readonly remark?: string
}

export interface PageReport {
  readonly crossOriginIsolated: boolean
  readonly relaxedSimd: boolean
  /** Of tfjs's wasm backend; 0 if it does not run. */
  readonly wasmThreads: number
  /** The WebGPU adapter; null if there is none. */
  readonly adapter: { readonly name: string; readonly isSoftware: boolean } | null
}

/** What gradlens computes, for comparison. */
export interface OurResults {
  /** Of the first test example with each training example, by the index of the latter. */
  readonly scores: readonly number[]
  readonly attributions: readonly number[]
  readonly storedBytesPerExample: number
  /** The explainer's own words on where it runs. */
  readonly device: string
  readonly fallbackReason: string | null
}

/** What a page offers to the program that drives it, as `window.bench`. */
export interface PageBench {
  report(device: PageDevice): Promise<PageReport>
  /** Loads a model with its data and runs everything once, so that no timing holds what happens only once. */
  open(folder: string, description: Case, device: PageDevice): Promise<void>
  /** Undefined where the task is none of the contestant's. */
  measure(contestant: Contestant, task: Task): Promise<Measured | undefined>
  results(): Promise<OurResults>
  /** One call of ours with that many training rows, in milliseconds; the data are repeated where they do not suffice. */
  withRows(task: 'fit' | 'explainAdHoc', exampleCount: number): Promise<number>
  /** Explains one example with so many training rows, gradients not stored, and nothing before it. */
  explainOnce(
    folder: string,
    description: Case,
    device: PageDevice,
    exampleCount: number,
  ): Promise<void>
  close(): void
}

declare global {
  interface Window {
    bench: PageBench
  }
}
