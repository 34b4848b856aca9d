/** An option of a command. */
export interface CommandOption {
  readonly type: 'string' | 'boolean'
  /** True if it may be given several times, or once with several values. */
  readonly multiple?: boolean
  /** The name of the value in the help. */
  readonly value?: string
  readonly help: string
}

export interface CommandContext {
  /** Aborted when the user stops the program. */
  readonly signal: AbortSignal
  /** Prints a line of the result to standard output. */
  readonly print: (line: string) => void
  /** Prints a line about the progress to standard error. */
  readonly note: (line: string) => void
  readonly terminal: Terminal
}

/** Where progress is shown. */
export interface Terminal {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

export interface Command {
  readonly name: string
  readonly summary: string
  /** The arguments, as the help shows them. */
  readonly usage: string
  /** The positional arguments; undefined if there are none. */
  readonly positionals?: { readonly name: string; readonly most: number; readonly help: string }
  readonly options: Readonly<Record<string, CommandOption>>
  /** What to do after an interruption; printed when a run is stopped. */
  readonly resume?: string
  run(given: GivenArguments, context: CommandContext): Promise<number>
}

/** The arguments of a call. */
export interface GivenArguments {
  readonly positionals: readonly string[]
  readonly values: Readonly<Record<string, readonly string[]>>
}

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
