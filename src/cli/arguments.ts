import { parseArgs } from 'node:util'
import { type Command, type GivenArguments, UsageError } from './command.js'

/**
 * Reads the arguments of a command.
 *
 * @throws UsageError for an unknown option, an option without its value, or too many arguments
 */
export function readArguments(command: Command, args: readonly string[]): GivenArguments {
  const { name, options, positionals: positional } = command
  const values: Record<string, string[]> = {}
  const positionals: string[] = []
  /** The option that takes the next values. */
  let open: string | undefined
  for (const token of parseTokens(command, args)) {
    if (token.kind === 'option-terminator') {
      open = undefined
    } else if (token.kind === 'positional') {
      if (open === undefined) positionals.push(token.value)
      else values[open]!.push(token.value)
    } else {
      const { multiple = false } = options[token.name]!
      if (!multiple && values[token.name] !== undefined) {
        throw new UsageError(`--${token.name}: got two values; expected one.`)
      }
      const given = (values[token.name] ??= [])
      given.push(token.value ?? '')
      open = multiple ? token.name : undefined
    }
  }
  const most = positional?.most ?? 0
  if (positionals.length > most) {
    const expected =
      positional === undefined ? 'only options' : `at most ${positional.most} ${positional.name}`
    throw new UsageError(`gradlens ${name}: got '${positionals[most]!}'; expected ${expected}.`)
  }
  return { positionals, values }
}

type Token =
  | { readonly kind: 'option'; readonly name: string; readonly value: string | undefined }
  | { readonly kind: 'positional'; readonly value: string }
  | { readonly kind: 'option-terminator' }

function parseTokens({ name, options }: Command, args: readonly string[]): readonly Token[] {
  const config = Object.fromEntries(
    Object.entries(options).map(([option, { type }]) => [option, { type, multiple: true }]),
  )
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true, tokens: true })
      .tokens
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string }
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
      const [, unknown = ''] = /'(.*?)'/.exec(message) ?? []
      const known = Object.keys(options).map((option) => `--${option}`)
      throw new UsageError(
        `${unknown}: not an option of gradlens ${name}; expected ${known.join(', ')}.`,
      )
    }
    throw new UsageError(`${message.split('\n', 1)[0]!.replace(/\.$/, '')}.`)
  }
}

/** The value of an option; undefined if it was not given. */
export const getOption = ({ values }: GivenArguments, name: string): string | undefined =>
  values[name]?.[0]

/** @throws UsageError if the option was not given */
export function requireOption(given: GivenArguments, name: string, example: string): string {
  const value = getOption(given, name)
  if (value !== undefined && value !== '') return value
  throw new UsageError(`--${name}: not given; expected --${name} ${example}.`)
}

/** An integer of `least` or more; undefined if the option was not given. */
export function getInteger(given: GivenArguments, name: string, least: number): number | undefined {
  const value = getOption(given, name)
  if (value === undefined) return undefined
  const number = /^\d+$/.test(value) ? Number(value) : NaN
  if (Number.isSafeInteger(number) && number >= least) return number
  throw new UsageError(`--${name}: got '${value}'; expected an integer of ${least} or more.`)
}

export function getChoice<Choice extends string>(
  given: GivenArguments,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = getOption(given, name)
  if (value === undefined) return undefined
  const choice = choices.find((candidate) => candidate === value)
  if (choice !== undefined) return choice
  throw new UsageError(`--${name}: got '${value}'; expected one of ${choices.join(', ')}.`)
}

/** Rows given as START:END, without row END; undefined if they were not given. */
export function getRowRange(
  given: GivenArguments,
  name: string,
  rowCount: number,
): { readonly start: number; readonly end: number } | undefined {
  const value = getOption(given, name)
  if (value === undefined) return undefined
  const [, start, end] = /^(\d+):(\d+)$/.exec(value) ?? []
  if (start !== undefined && Number(start) < Number(end) && Number(end) <= rowCount) {
    return { start: Number(start), end: Number(end) }
  }
  throw new UsageError(
    `--${name}: got '${value}'; expected START:END within the ${rowCount} rows. END is not included: ` +
      `0:${rowCount} are all rows.`,
  )
}
