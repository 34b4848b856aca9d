/** An option of a command, as it is read and as the help shows it. */
export interface CommandOption {
  readonly type: 'string' | 'boolean'
  /** May be given several times, or once with several values after it. */
  readonly multiple?: boolean
  /** What stands for the value in the help. */
  readonly value?: string
  readonly help: string
}

export interface CommandContext {
  /** Aborted when the user stops the program. */
  readonly signal: AbortSignal
  /** A line of result, on the standard output. */
  readonly print: (line: string) => void
  /** A line about what goes on, on the standard error. */
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
  /** How it is called, without the program's name. */
  readonly usage: string
  /** What the positional arguments are; undefined if there are none. */
  readonly positionals?: { readonly name: string; readonly most: number; readonly help: string }
  readonly options: Readonly<Record<string, CommandOption>>
  /** What an interrupted run leaves, for the message about it. */
  readonly resume?: string
  run(given: GivenArguments, context: CommandContext): Promise<number>
}

/** The arguments of a call. */
export interface GivenArguments {
  readonly positionals: readonly string[]
  readonly values: Readonly<Record<string, readonly string[]>>
}

/** The command line is not what it must be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
