import type { NdArray, ExampleSource } from 'gradlens'

/** An array on disk whose rows are read when they are needed. The caller must close it. */
export interface ArraySource extends ExampleSource<NdArray> {
  /** [N, …] */
  readonly shape: readonly number[]
  close(): Promise<void>
}

/** The content of a file or folder is wrong. */
export class InputError extends Error {
  override readonly name = 'InputError'
}
