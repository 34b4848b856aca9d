import { InvalidArgumentError } from '../../errors.js'
import { describe, readPositiveInteger } from '../../options.js'

/** Training examples that are read in parts, for data that don't fit into memory. */
export interface ExampleSource<Rows> {
  readonly exampleCount: number
  /**
   * The rows from `start` to `end` − 1, in the form in which `fit` takes all of them. They are asked for in order, some at
   * a time; after an interruption again.
   */
  read(
    start: number,
    end: number,
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<Rows> | Rows
}

export const isExampleSource = <Rows>(value: unknown): value is ExampleSource<Rows> =>
  typeof value === 'object' && value !== null && 'read' in value && 'exampleCount' in value

/** How many rows it has. @throws InvalidArgumentError if it is none */
export function checkExampleSource(argument: string, source: ExampleSource<unknown>): number {
  const { read } = source as { readonly read: unknown }
  if (typeof read !== 'function') {
    throw new InvalidArgumentError(
      `${argument}.read`,
      describe(read),
      'a function (start, end) => rows',
    )
  }
  return readPositiveInteger(`${argument}.exampleCount`, source.exampleCount)
}
