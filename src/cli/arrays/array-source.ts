import type { NdArray, ExampleSource } from 'gradlens'

/** An array on disk, of which rows are read as they are needed. Whoever opened it closes it. */
export interface ArraySource extends ExampleSource<NdArray> {
  /** [N, …] */
  readonly shape: readonly number[]
  close(): Promise<void>
}

/** A file or folder does not hold what it must hold. */
export class InputError extends Error {
  override readonly name = 'InputError'
}
