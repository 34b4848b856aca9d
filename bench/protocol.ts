import type { Case } from './cases.js'

/** The timed tasks, in the order of the table. */
export const tasks = ['fit', 'explainStored', 'explainAdHoc', 'integratedGradients'] as const

export type Task = (typeof tasks)[number]

/**
 * The contestants in a page: gradlens, a loop over examples, tfjs's and gradlens's pass over a
 * batch.
 */
export const contestants = ['ours', 'loop', 'limit', 'passes'] as const

export type Contestant = (typeof contestants)[number]

export type PageDevice = 'wasm' | 'webgpu'

/** Milliseconds. For `fit`, per example; for others, of one call. */
export interface Measured {
  readonly ms: number
  /** A remark that is needed to understand the number. */
  readonly remark?: string
}

export interface PageReport {
  readonly crossOriginIsolated: boolean
  readonly relaxedSimd: boolean
  /** The threads of tfjs's wasm backend. 0 if it does not run. */
  readonly wasmThreads: number
  /** The WebGPU adapter. Null if there is none. */
  readonly adapter: { readonly name: string; readonly isSoftware: boolean } | null
}

/** gradlens's results, for comparison. */
export interface OurResults {
  /** The similarities of the first test example, by index of the training example. */
  readonly scores: readonly number[]
  readonly attributions: readonly number[]
  readonly storedBytesPerExample: number
  /** The explainer's `device` and `fallbackReason`. */
  readonly device: string
  readonly fallbackReason: string | null
}

/** The interface of a page for the program that drives it, as `window.bench`. */
export interface PageBench {
  report(device: PageDevice): Promise<PageReport>
  /**
   * Loads a model with its data and runs everything once, so that timings exclude one-time work.
   */
  open(folder: string, description: Case, device: PageDevice): Promise<void>
  /** Undefined if the contestant doesn't run the task. */
  measure(contestant: Contestant, task: Task): Promise<Measured | undefined>
  results(): Promise<OurResults>
  /**
   * Times one call of gradlens with `rows` training rows, in milliseconds. Data repeat if there are
   * too few.
   */
  withRows(task: 'fit' | 'explainAdHoc', exampleCount: number): Promise<number>
  /**
   * Explains one example with `rows` training rows, without stored gradients, as the page's first
   * call.
   */
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
