import type { LargeCase } from './cases.js'

/** The timed tasks, in the order of the table. */
export const largeTasks = ['fit', 'explainStored', 'integratedGradients'] as const

export type LargeTask = (typeof largeTasks)[number]

/** Where the explainers run: in the page, in a worker, or in the page with models in several workers. */
export type Place = 'page' | 'worker' | number

/** gradlens's results, for comparison. */
export interface LargeResults {
  /** The similarities of the explained example, by index of the training example. */
  readonly scores: readonly number[]
  readonly attributions: readonly number[]
}

/** The interface of a page for the program that drives it, as `window.large`. */
export interface LargePage {
  /** Loads the model, and returns the milliseconds of the first `fit`, which has one example for each worker. */
  open(folder: string, description: LargeCase, place: Place): Promise<number>
  /** Milliseconds; of `fit`, per example. */
  measure(task: LargeTask): Promise<number>
  results(): Promise<LargeResults>
  storedBytesPerExample(): number
  /** The size of TensorFlow.js's wasm memory in the page. Null if the model is in workers. */
  heapBytes(): number | null
  /** The longest task of the page's thread so far in milliseconds. 0: none of 50 ms or more. */
  longestTaskMs(): number
}

declare global {
  interface Window {
    large: LargePage
  }
}
